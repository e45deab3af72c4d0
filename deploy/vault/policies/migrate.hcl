# What `boxoffice migrate` may do for a service: change its tables, and read the secrets that its seed needs.
# {{service}} is filled in by engines/vault_bootstrap.py.
path "kv/data/services/{{service}}" {
  capabilities = ["read"]
}

path "kv/data/shared" {
  capabilities = ["read"]
}

path "database/creds/{{service}}-owner" {
  capabilities = ["read"]
}

path "sys/leases/revoke" {
  capabilities = ["update"]
}

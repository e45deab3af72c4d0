# What a running service may do: read its own secrets, lease its own database user.
# {{service}} is filled in by engines/vault_bootstrap.py.
path "kv/data/services/{{service}}" {
  capabilities = ["read"]
}

# Addresses that carry a credential, e.g. of a managed Redis.
path "kv/data/shared" {
  capabilities = ["read"]
}

path "database/creds/{{service}}" {
  capabilities = ["read"]
}

# Give a lease back before its time. Whoever does not know its id, which is a secret, cannot.
path "sys/leases/revoke" {
  capabilities = ["update"]
}

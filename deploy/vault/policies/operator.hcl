# What the `boxoffice` command may do, and the Job that sets a cluster up: everything about the secrets, database users and
# logins of the services, and nothing about other mounts, policies, tokens, audit devices or the seal.
path "sys/mounts" {
  capabilities = ["read"]
}

path "sys/mounts/kv" {
  capabilities = ["create", "update"]
}

path "sys/mounts/database" {
  capabilities = ["create", "update"]
}

path "sys/auth" {
  capabilities = ["read"]
}

path "sys/policies/acl/service-*" {
  capabilities = ["create", "read", "update"]
}

path "sys/policies/acl/app" {
  capabilities = ["create", "read", "update"]
}

path "sys/policies/acl/migrate-*" {
  capabilities = ["create", "read", "update"]
}

path "kv/config" {
  capabilities = ["read"]
}

path "kv/metadata/*" {
  capabilities = ["read", "list"]
}

path "kv/data/services/*" {
  capabilities = ["create", "read", "update"]
}

path "kv/data/app" {
  capabilities = ["create", "read", "update"]
}

path "kv/data/shared" {
  capabilities = ["create", "read", "update"]
}

path "database/config/postgres" {
  capabilities = ["create", "read", "update"]
}

path "database/reset/postgres" {
  capabilities = ["create", "update"]
}

path "database/roles/*" {
  capabilities = ["create", "read", "update"]
}

path "auth/approle/role/+" {
  capabilities = ["create", "read", "update", "delete"]
}

path "auth/approle/role/+/role-id" {
  capabilities = ["read"]
}

path "auth/approle/role/+/secret-id" {
  capabilities = ["create", "update"]
}

path "auth/kubernetes/config" {
  capabilities = ["read"]
}

path "auth/kubernetes/role/+" {
  capabilities = ["create", "read", "update"]
}

# It cannot give itself more.
path "auth/approle/role/operator" {
  capabilities = ["deny"]
}

path "auth/kubernetes/role/boxoffice-setup" {
  capabilities = ["deny"]
}

# End database users before their time, e.g. those of a process that was broken into.
path "sys/leases/revoke" {
  capabilities = ["update"]
}

path "sys/leases/revoke-prefix/database/creds/*" {
  capabilities = ["update", "sudo"]
}

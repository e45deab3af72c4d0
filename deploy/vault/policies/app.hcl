# What a process that runs every service may read, beside what is each service's: its login to Redis.
path "kv/data/app" {
  capabilities = ["read"]
}

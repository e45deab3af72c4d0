# OpenBao or HashiCorp Vault on one machine with compose. How it is sealed is in a file of its own.
ui           = false
log_level    = "warn"
api_addr     = "http://openbao:8200"
cluster_addr = "https://openbao:8201"

listener "tcp" {
  address     = "0.0.0.0:8200"
  tls_disable = true # reached over networks of this machine alone, which nothing outside of it is on
}

storage "raft" {
  path                   = "/data"
  node_id                = "local"
  performance_multiplier = 1 # one node elects itself without a long wait
}

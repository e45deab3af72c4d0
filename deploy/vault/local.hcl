# OpenBao on one machine; the local engine fills in the port, the folders and the key.
ui           = false
log_level    = "warn"
api_addr     = "http://127.0.0.1:${port}"
cluster_addr = "https://127.0.0.1:${cluster_port}"

listener "tcp" {
  address         = "127.0.0.1:${port}"
  cluster_address = "127.0.0.1:${cluster_port}"
  tls_disable     = true # loopback only
}

storage "raft" {
  path                   = "${data}"
  node_id                = "local"
  performance_multiplier = 1 # one node on one machine elects itself without a long wait
}

# Unseals by itself: whoever can read this key can read the secrets, as with any disk that decrypts itself.
seal "static" {
  current_key_id = "local"
  current_key    = "file://${seal_key}"
}

# A device is never changed: another path has another name, and the one before goes.
audit "file" "journal" {
  description = "Every request and who made it; secrets only as keyed hashes"
  options {
    file_path = "${audit_log}"
    mode      = "0600"
  }
}

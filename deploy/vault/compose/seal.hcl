# OpenBao unseals by itself: whoever can read this key can read the secrets, as with any disk that decrypts itself.
seal "static" {
  current_key_id = "local"
  current_key    = "file:///keys/vault/seal-key"
}

audit "file" "requests" {
  description = "Every request and who made it; secrets only as keyed hashes"
  options {
    file_path = "stdout"
  }
}

# HashiCorp Vault has no seal of that kind: its health check unseals it with a key that lies in the same place.
disable_mlock = true # as raft storage wants it

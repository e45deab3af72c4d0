"""The engines that run a tier: local, compose, kubernetes behind one protocol."""

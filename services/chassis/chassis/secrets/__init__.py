"""Secrets and database users, from Vault or from files."""

from chassis.secrets.secrets import SecretMissing, Secrets
from chassis.secrets.value import SecretValue

__all__ = ["SecretMissing", "SecretValue", "Secrets"]

"""Accounts: customers, credentials, sessions, home jurisdiction."""

"""How long database users live: set at Vault for those that are leased from now on."""

from collections.abc import Iterable
from typing import Any

import hvac

from support.books import SERVICES, Books

QUICK = {"default_ttl": "8s", "max_ttl": "10s"}
USUAL = {"default_ttl": "1h", "max_ttl": "24h"}
KEPT = ("db_name", "creation_statements", "revocation_statements", "renew_statements")


def lease_for(vault: hvac.Client, times: dict[str, Any], services: Iterable[str] = SERVICES) -> None:
    """Have database users of `services` live for `times`. `vault` may do everything."""
    database = vault.secrets.database
    for service in services:
        role = database.read_role(service, mount_point="database")["data"]
        database.create_role(service, **{name: role[name] for name in KEPT}, **times, mount_point="database")


async def users_at_work(books: Books) -> dict[str, set[str]]:
    """By service, the database users that it has connections with at the moment."""
    rows = await books.query("orders", "SELECT datname, usename FROM pg_stat_activity WHERE datname IS NOT NULL")
    found: dict[str, set[str]] = {service: set() for service in SERVICES}
    for row in rows:
        if row["usename"] != "postgres" and row["datname"] in found:
            found[row["datname"]].add(row["usename"])
    return found

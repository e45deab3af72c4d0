"""The services' databases: each has its own, with one group of users that owns it and one that works in it.

`boxoffice migrate` works as a user of `<service>_owner`, the service as a user of `<service>_rw`. Both users are
leased from Vault, which itself logs in as `vault`: it may make users and put them into those groups, nothing else.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import urlsplit

import asyncpg

from chassis.addresses import with_sslmode
from chassis.database.privileges import grants
from engines.pgtools import database_url

VAULT = "vault"
"""Vault's own user."""


def ensure_databases(admin_url: str, services: Sequence[str], *, vault_password: str | None) -> None:
    """Make databases and groups that are missing. `vault_password` None: leave the password of Vault's user alone.

    `admin_url` holds the login of a user who may create roles and databases. Raises OSError and
    asyncpg.PostgresError, e.g. when the login is refused.
    """
    asyncio.run(_ensure(admin_url, services, vault_password))


def maintenance_url(url: str) -> str:
    """`url` with the database `postgres`, unless it names one, and with what it asks of TLS."""
    parts = urlsplit(with_sslmode(url))
    return parts._replace(path=parts.path if parts.path.strip("/") else "/postgres").geturl()


async def _ensure(admin_url: str, services: Sequence[str], vault_password: str | None) -> None:
    admin = await asyncpg.connect(maintenance_url(admin_url), timeout=10)
    try:
        await _ensure_vault(admin, vault_password)
        for service in services:
            await _ensure_groups(admin, service)
            await _ensure_database(admin, service)
    finally:
        await admin.close()
    for service in services:
        database = await asyncpg.connect(database_url(admin_url, service), timeout=10)
        try:
            await _ensure_privileges(database, service)
        finally:
            await database.close()


async def _ensure_vault(admin: asyncpg.Connection, password: str | None) -> None:
    if not await _role_exists(admin, VAULT):
        await admin.execute(f"CREATE ROLE {VAULT} LOGIN CREATEROLE")
    if password is not None:
        quoted = await admin.fetchval("SELECT quote_literal($1::text)", password)
        await admin.execute(f"ALTER ROLE {VAULT} PASSWORD {quoted}")
    # A managed Postgres may keep this to itself; then the connections of a user that Vault removes end by themselves.
    with suppress(asyncpg.InsufficientPrivilegeError):
        await admin.execute(f"GRANT pg_signal_backend TO {VAULT}")


async def _ensure_groups(admin: asyncpg.Connection, service: str) -> None:
    for group in (f"{service}_owner", f"{service}_rw"):
        if not await _role_exists(admin, group):
            await admin.execute(f'CREATE ROLE "{group}" NOLOGIN')
        await admin.execute(f'GRANT "{group}" TO {VAULT} WITH ADMIN OPTION')
    # An admin who is no superuser must belong to a group to act for it.
    await admin.execute(f'GRANT "{service}_owner" TO CURRENT_USER')


async def _ensure_database(admin: asyncpg.Connection, service: str) -> None:
    if not await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", service):
        await admin.execute(f'CREATE DATABASE "{service}" OWNER "{service}_owner"')
    await admin.execute(f'REVOKE ALL ON DATABASE "{service}" FROM PUBLIC')
    await admin.execute(f'GRANT CONNECT ON DATABASE "{service}" TO "{service}_rw"')


async def _ensure_privileges(database: asyncpg.Connection, service: str) -> None:
    owner, users = f'"{service}_owner"', f'"{service}_rw"'
    await database.execute(
        f"""
        REVOKE ALL ON SCHEMA public FROM PUBLIC;
        GRANT USAGE ON SCHEMA public TO {users};
        ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public
            GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {users};
        ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public
            GRANT USAGE, SELECT ON SEQUENCES TO {users};
        {grants(service)}
        """
    )


async def _role_exists(connection: asyncpg.Connection, name: str) -> bool:
    return bool(await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", name))

"""Copies the services' databases to another Postgres, for a stack to go on there: `boxoffice copy-databases`.

PostgreSQL's own pg_dump and pg_restore do the work. What is copied belongs to the groups that `databases.py` makes
there, so the login of a managed server's administrator, who is no superuser, will do.
"""

import asyncio
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import asyncpg

from engines.databases import ensure_databases, maintenance_url
from engines.pgtools import database_url, dump_command, first_reason, login_of, restore_command
from engines.protocol import EngineError, Progress

CLIENTS = "SELECT DISTINCT datname FROM pg_stat_activity WHERE datname = ANY($1) AND pid <> pg_backend_pid()"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
SEQUENCES = "SELECT sequencename, coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = 'public'"
AS_TEXT = {"timezone": "UTC", "extra_float_digits": "3"}
"""Settings of a connection under which equal rows are equal text."""


@dataclass(frozen=True, slots=True)
class Content:
    """How many rows a table has, and a number that is another one when any value in any row is."""

    rows: int
    checksum: int


Contents = Mapping[str, Content]
"""By `service.table`."""


def copy_databases(source: str, target: str, services: Sequence[str], progress: Progress) -> Contents:
    """Copy each service's database from one server to the other, and compare all rows; answers what is there now.

    Both URLs have the login of a user who may create roles and databases, and no database. Raises EngineError: when
    somebody still works on the source, when the target has tables already, when the copy is not the same.
    """
    try:
        asyncio.run(_check(source, target, services))
        ensure_databases(target, services, vault_password=None)
        for service in services:
            progress(service, "copying")
            _copy(database_url(source, service), database_url(target, service), owner=f"{service}_owner")
            progress(service, "copied")
        before, after = (contents(url, services) for url in (source, target))
    except (OSError, asyncpg.PostgresError) as error:
        raise EngineError(f"copying failed: {error or type(error).__name__}") from error
    if different := sorted(name for name in {*before, *after} if before.get(name) != after.get(name)):
        raise EngineError(f"the copy is not the same, do not use it: {', '.join(different)}")
    return after


def contents(url: str, services: Sequence[str]) -> Contents:
    """What is in all tables and sequences of these services' databases. Raises OSError and asyncpg.PostgresError."""
    return asyncio.run(read_contents(url, services))


async def read_contents(url: str, services: Sequence[str]) -> Contents:
    found: dict[str, Content] = {}
    for service in services:
        database = await asyncpg.connect(database_url(url, service), timeout=10, server_settings=AS_TEXT)
        try:
            found |= await table_contents(database, service)
            for sequence, last in await database.fetch(SEQUENCES):
                found[f"{service}.{sequence}"] = Content(1, int(last))
        finally:
            await database.close()
    return found


async def table_contents(database: asyncpg.Connection, service: str) -> dict[str, Content]:
    """What is in the tables, as this connection sees them; it needs the settings `AS_TEXT`."""
    found: dict[str, Content] = {}
    for (table,) in await database.fetch(TABLES):
        checksum = f'SELECT count(*), coalesce(sum(hashtextextended(it::text, 0)), 0) FROM "{table}" AS it'  # noqa: S608
        found[f"{service}.{table}"] = Content(*map(int, await database.fetchrow(checksum)))
    return found


async def _check(source: str, target: str, services: Sequence[str]) -> None:
    """Nobody may write any more, and nothing may be in the way. Raises EngineError."""
    origin = await asyncpg.connect(maintenance_url(source), timeout=10)
    try:
        busy = [row["datname"] for row in await origin.fetch(CLIENTS, list(services))]
    finally:
        await origin.close()
    if busy:
        raise EngineError(f"somebody still works on {', '.join(sorted(busy))}: stop the instances of the app first")
    place = await asyncpg.connect(maintenance_url(target), timeout=10)
    try:
        known = await place.fetch("SELECT datname FROM pg_database WHERE datname = ANY($1)", list(services))
    finally:
        await place.close()
    taken = [name for (name,) in known if await _has_tables(database_url(target, name))]
    if taken:
        raise EngineError(
            f"the new server has tables in {', '.join(sorted(taken))} already: drop these databases first"
        )


async def _has_tables(url: str) -> bool:
    database = await asyncpg.connect(url, timeout=10)
    try:
        return bool(await database.fetch(TABLES))
    finally:
        await database.close()


def _copy(source: str, target: str, *, owner: str) -> None:
    """All of one database; in one transaction, so that there is all of it or nothing. Raises EngineError."""
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(dump_command(source), stdout=subprocess.PIPE, stderr=said, env=login_of(source)) as dump,
    ):
        command = restore_command(target, owner=owner)
        restored = subprocess.run(command, stdin=dump.stdout, stderr=said, env=login_of(target), check=False)
        dump.wait()
        said.seek(0)
        reason = first_reason(said.read().decode(errors="replace"))
    if dump.returncode or restored.returncode:
        raise EngineError(f"copying {owner.removesuffix('_owner')} failed: {reason}")

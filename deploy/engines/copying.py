"""Copies the services' databases to another Postgres, for a stack to go on there: `boxoffice copy-databases`.

PostgreSQL's own pg_dump and pg_restore do the work. What is copied belongs to the groups that `databases.py` makes
there, so the login of a managed server's administrator, who is no superuser, will do.
"""

import asyncio
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import asyncpg

from engines.databases import ensure_databases, maintenance_url
from engines.external import address
from engines.local.executables import executable
from engines.local.server import base_environment
from engines.protocol import EngineError, Progress

CLIENTS = "SELECT DISTINCT datname FROM pg_stat_activity WHERE datname = ANY($1) AND pid <> pg_backend_pid()"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
SEQUENCES = "SELECT sequencename, coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = 'public'"


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
            _copy(_database(source, service), _database(target, service), owner=f"{service}_owner")
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
        settings = {"timezone": "UTC", "extra_float_digits": "3"}  # rows are compared as text
        database = await asyncpg.connect(_database(url, service), timeout=10, server_settings=settings)
        try:
            for (table,) in await database.fetch(TABLES):
                checksum = f'SELECT count(*), coalesce(sum(hashtextextended(it::text, 0)), 0) FROM "{table}" AS it'  # noqa: S608
                found[f"{service}.{table}"] = Content(*map(int, await database.fetchrow(checksum)))
            for sequence, last in await database.fetch(SEQUENCES):
                found[f"{service}.{sequence}"] = Content(1, int(last))
        finally:
            await database.close()
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
    taken = [name for (name,) in known if await _has_tables(_database(target, name))]
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
    plain = ("--no-owner", "--no-privileges", "--dbname")
    dump_command = [_program("pg_dump"), "--format=custom", *plain, address(source)]
    restore_command = [_program("pg_restore"), "--single-transaction", "--exit-on-error", f"--role={owner}"]
    restore_command += [*plain, address(target)]
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(dump_command, stdout=subprocess.PIPE, stderr=said, env=_environment(source)) as dump,
    ):
        environment = _environment(target)
        restored = subprocess.run(restore_command, stdin=dump.stdout, stderr=said, env=environment, check=False)
        dump.wait()
        said.seek(0)
        reasons = said.read().decode(errors="replace").splitlines()
    if dump.returncode or restored.returncode:
        reason = next((line for line in reasons if line.strip()), "no reason was given")
        raise EngineError(f"copying {owner.removesuffix('_owner')} failed: {reason}")


def _environment(url: str) -> dict[str, str]:
    """The login of a URL for a program of PostgreSQL: whoever may list processes sees command lines, but not this."""
    login = urlsplit(url)
    names = {"PGUSER": unquote(login.username or ""), "PGPASSWORD": unquote(login.password or "")}
    return {**base_environment(), **names}


def _program(name: str) -> str:
    """The newest of the machine's own program, which can speak TLS, and the one of the wheel, which cannot."""
    installed = executable("postgres").with_name(name)
    own = shutil.which(name)
    return own if own and _version(own) >= _version(installed) else str(installed)


def _version(program: str | Path) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+)(\.\d+)?\s", f"{said} ")
    return int(found[1]) if found else 0


def _database(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()

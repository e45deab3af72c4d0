"""Backs up what a tier cannot make anew, and brings it back: `boxoffice backup` and `boxoffice restore`.

That is the databases and the secrets in Vault. Kafka's log is made from the event logs in the databases, sessions end,
and `up` makes the rest. It works through what an engine gives its operator, so on every engine alike, and a backup of
one engine can be restored on another.
"""

import asyncio
import json
import subprocess
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import asyncpg
import hvac

from chassis.outgoing import vault_client
from engines.archive import SECRETS, Backup, pack, unpack
from engines.copying import Content, Contents, contents, table_contents
from engines.databases import ensure_databases, maintenance_url
from engines.erasures import SERVICE, erase_again, read_ledger
from engines.kept_secrets import read_secrets, write_secrets
from engines.local.server import replace_secret
from engines.moment import View, one_moment
from engines.pgtools import database_url, dump_command, first_reason, login_of, restore_command
from engines.protocol import Access, Engine, EngineError, Progress
from engines.tier import service_names

SCHEMA = "alembic_version"
SEND_AGAIN = """
UPDATE event_log SET published_at = NULL WHERE time > now() - interval '7 days';
DELETE FROM relay_offset
"""
"""The Kafka of a restored tier has none of the events of which the log says that they were published; who had handled
them knows it. As long back as Kafka would have kept them."""


def back_up(engine: Engine, name: str, progress: Progress, *, databases: bool = True) -> Backup:
    """Write the backup `name`, while the tier works. Raises EngineError."""
    access, services = engine.access(), service_names() if databases else []
    with tempfile.TemporaryDirectory(prefix="boxoffice-") as folder:
        backup = Backup(Path(folder), datetime.now(UTC).isoformat(timespec="seconds"), tuple(services), {})
        secrets = read_secrets(_vault(access))
        replace_secret(backup.folder / SECRETS, json.dumps(secrets))
        try:
            tables = asyncio.run(_dump_all(access.database_url, backup, progress))
        except (OSError, asyncpg.PostgresError) as error:
            raise EngineError(f"the backup failed: {error or type(error).__name__}") from error
        backup = replace(backup, tables=tables)
        pack(backup, name)
    return backup


def restore(engine: Engine, name: str, progress: Progress, *, erasures: Collection[str] = ()) -> Backup:
    """Put what is in the backup `name` in the place of what the tier has. Raises EngineError.

    Accounts that were erased since, as the tier or `erasures` (ids) know, are erased again before anything starts.

    Nothing is touched before the backup is known to be whole. When it fails later, do it again: the instances stay
    stopped until it succeeds.
    """
    with tempfile.TemporaryDirectory(prefix="boxoffice-") as folder:
        backup = unpack(name, Path(folder))
        if unknown := sorted({*backup.services} - {*service_names()}):
            raise EngineError(f"the backup is of services that are not here: {', '.join(unknown)}")
        access = engine.access()
        instances = [row.process for row in engine.status() if row.instance is not None]
        engine.stop(instances, progress)
        try:
            ledger = {*erasures, *asyncio.run(read_ledger(access.database_url))}
            same_schema = _schema(contents(access.database_url, backup.services)) == _schema(backup.tables)
            if backup.services:
                _restore_all(access.database_url, backup, progress)
            if SERVICE in backup.services:
                number = asyncio.run(erase_again(access.database_url, ledger))
                progress("erasures", f"{number} erased again")
        except (OSError, asyncpg.PostgresError) as error:
            raise EngineError(f"restoring failed, do it again: {error or type(error).__name__}") from error
        write_secrets(_vault(access), backup.secrets())
        if not same_schema:
            engine.upgrade(progress)
        engine.start(instances, progress)
    return backup


async def _dump_all(url: str, backup: Backup, progress: Progress) -> Contents:
    tables: dict[str, Content] = {}
    async with one_moment(url, backup.services) as views:
        for view in views:
            progress(view.service, "saving")
            tables |= await table_contents(view.connection, view.service)
            await asyncio.to_thread(_dump, view, backup.dump(view.service))
            progress(view.service, "saved")
    return tables


def _dump(view: View, path: Path) -> None:
    path.touch(mode=0o600)
    command = dump_command(view.url, f"--snapshot={view.snapshot}")
    with path.open("wb") as file:
        _run(command, view.url, f"saving {view.service}", stdout=file)


def _restore_all(url: str, backup: Backup, progress: Progress) -> None:
    asyncio.run(_drop(url, backup.services))
    ensure_databases(url, backup.services, vault_password=None)
    for service in backup.services:
        progress(service, "restoring")
        target = database_url(url, service)
        with backup.dump(service).open("rb") as file:
            _run(restore_command(target, owner=f"{service}_owner"), target, f"restoring {service}", stdin=file)
        progress(service, "restored")
    ensure_databases(url, backup.services, vault_password=None)  # a dump has no privileges
    there = contents(url, backup.services)
    if different := sorted(name for name, content in backup.tables.items() if there.get(name) != content):
        raise EngineError(f"what was restored is not what was saved: {', '.join(different)}")
    asyncio.run(_send_again(url, backup.services))


def _run(
    command: Sequence[str], url: str, what: str, *, stdin: IO[bytes] | None = None, stdout: IO[bytes] | None = None
) -> None:
    done = subprocess.run(command, env=login_of(url), stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise EngineError(f"{what} failed: {first_reason(done.stderr.decode(errors='replace'))}")


async def _drop(url: str, services: Sequence[str]) -> None:
    server = await asyncpg.connect(maintenance_url(url), timeout=10)
    try:
        for service in services:
            await server.execute(f'DROP DATABASE IF EXISTS "{service}" WITH (FORCE)')
    finally:
        await server.close()


async def _send_again(url: str, services: Sequence[str]) -> None:
    for service in services:
        database = await asyncpg.connect(database_url(url, service), timeout=10)
        try:
            await database.execute(SEND_AGAIN)
        finally:
            await database.close()


def _schema(tables: Contents) -> dict[str, Content]:
    """The revision of each service's schema."""
    return {name: content for name, content in tables.items() if name.endswith(f".{SCHEMA}")}


def _vault(access: Access) -> hvac.Client:
    return vault_client(access.vault_addr, token=access.vault_token)

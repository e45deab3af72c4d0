"""One moment of two real databases, while one tells the other of everything it does."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import asyncpg
import pytest

from engines import moment
from engines.databases import ensure_databases
from engines.local.servers import start
from engines.moment import _snapshot, one_moment
from engines.pgtools import database_url
from engines.protocol import EngineError

SERVICES = ["orders", "payments"]
TABLES = "CREATE TABLE event_log (id int PRIMARY KEY); CREATE TABLE inbox (event_id int PRIMARY KEY)"
MOMENTS = 25


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    running = start("postgres", tmp_path_factory.mktemp("moment"))
    ensure_databases(running.url, SERVICES, vault_password=None)
    asyncio.run(_make_tables(running.url))
    yield running.url
    running.stop()


async def _make_tables(url: str) -> None:
    for service in SERVICES:
        connection = await asyncpg.connect(database_url(url, service))
        await connection.execute(TABLES)
        await connection.close()


async def _tell(url: str) -> None:
    """Causes in one database, each at once followed by its effect in the other."""
    orders, payments = [await asyncpg.connect(database_url(url, service)) for service in SERVICES]
    try:
        for number in range(1_000_000):
            await orders.execute("INSERT INTO event_log VALUES ($1)", number)
            await payments.execute("INSERT INTO inbox VALUES ($1)", number)
    finally:
        orders.terminate()
        payments.terminate()


async def _late_at_payments(connection: asyncpg.Connection) -> str:
    """Long enough after the others for an effect of what they do not see."""
    if await connection.fetchval("SELECT current_database()") == "payments":
        await asyncio.sleep(0.05)
    return await _snapshot(connection)


async def test_no_effect_is_seen_without_its_cause(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moment, "_snapshot", _late_at_payments)
    telling = asyncio.create_task(_tell(server))
    seen = []
    for _ in range(MOMENTS):
        async with one_moment(server, SERVICES) as (orders, payments):
            await asyncio.sleep(0.02)  # they go on meanwhile
            causes = {row["id"] for row in await orders.connection.fetch("SELECT id FROM event_log")}
            effects = {row["event_id"] for row in await payments.connection.fetch("SELECT event_id FROM inbox")}
        assert effects <= causes
        assert len(causes - effects) <= 1
        seen.append(len(causes))
    assert not telling.done()
    assert seen[0] < seen[-1], "nobody worked while the moments were taken"
    telling.cancel()
    with suppress(asyncio.CancelledError):
        await telling


async def test_one_who_does_not_finish_holds_nobody_up(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moment, "WAIT_MS", 50)
    slow = await asyncpg.connect(database_url(server, "orders"))
    await slow.execute("BEGIN; INSERT INTO inbox VALUES (-1)")
    with pytest.raises(EngineError, match="a long transaction is at work"):
        async with one_moment(server, SERVICES):
            pass
    await slow.execute("COMMIT")  # nothing is locked any more
    async with one_moment(server, SERVICES) as views:
        assert [view.service for view in views] == SERVICES
    await slow.close()

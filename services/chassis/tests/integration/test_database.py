"""The pool of a service: transactions, what happens after them, outages."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import Column, DateTime, Integer, MetaData, Table, Uuid, insert, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError

from chassis.database.database import Database, after_commit
from chassis.errors import is_outage
from chassis.testing.databases import Databases
from chassis.testing.fakes import StaticSecrets
from chassis.testing.servers import Servers
from engines.local.ports import free_port
from engines.local.postgres import Postgres
from engines.local.servers import start_server

pytestmark = pytest.mark.timeout(60)

metadata = MetaData()
things = Table(
    "things",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Uuid),
    Column("at", DateTime(timezone=True)),
    Column("data", JSONB),
)


@pytest.fixture
async def database(databases: Databases, servers: Servers) -> AsyncIterator[Database]:
    await databases.create("things", metadata)
    credentials = await StaticSecrets.for_servers(servers).database_credentials("things")
    database = Database(databases.url, "things", credentials, pool_size=2)
    yield database
    await database.close()


async def numbers(database: Database) -> list[int]:
    async with database.reading() as connection:
        return list((await connection.execute(select(things.c.number).order_by(things.c.number))).scalars())


async def test_a_block_that_ends_is_committed_and_one_that_raises_is_not(database: Database) -> None:
    async def put(number: int) -> None:
        async with database.transaction() as tx:
            await tx.execute(insert(things), {"number": number})
            if number < 0:
                raise ArithmeticError

    await put(1)
    with pytest.raises(ArithmeticError):
        await put(-1)
    assert await numbers(database) == [1]


async def test_values_come_back_as_they_were(database: Database) -> None:
    row = {"number": 1, "id": uuid4(), "at": datetime.now(UTC), "data": {"name": "Zoë", "list": [1, None, 2.5]}}
    async with database.transaction() as tx:
        await tx.execute(insert(things), row)
    async with database.reading() as connection:
        assert dict((await connection.execute(select(things))).one()._mapping) == row


@dataclass
class Calls:
    made: list[str]

    def note(self, name: str) -> Callable[[], Awaitable[None]]:
        async def call() -> None:
            self.made.append(name)

        return call


async def outage_of(work: Awaitable[object]) -> bool:
    """Whether `work` fails within 2 s as it should when Postgres is away."""
    try:
        await asyncio.wait_for(work, 2)
    except Exception as error:
        return is_outage(error)
    return False


async def test_callbacks_run_after_the_commit_and_only_then(database: Database) -> None:
    calls = Calls([])
    async with database.transaction() as tx:
        after_commit(tx, calls.note("first"))
        after_commit(tx, calls.note("replaced"), once="wake")
        after_commit(tx, calls.note("last"), once="wake")
        assert calls.made == []
    assert calls.made == ["first", "last"]

    async def break_off() -> None:
        async with database.transaction() as tx:
            after_commit(tx, calls.note("never"))
            await tx.execute(insert(things), [{"number": 1}, {"number": 1}])

    with pytest.raises(IntegrityError):
        await break_off()
    assert calls.made == ["first", "last"]


async def test_a_failing_callback_does_not_undo_the_work(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    async def fail() -> None:
        raise ConnectionError("nobody listens")

    calls = Calls([])
    with caplog.at_level(logging.ERROR):
        async with database.transaction() as tx:
            after_commit(tx, fail)
            after_commit(tx, calls.note("next"))
            await tx.execute(insert(things), {"number": 1})
    assert await numbers(database) == [1]
    assert calls.made == ["next"]
    assert "after commit" in caplog.text


async def test_a_pool_that_is_used_up_is_an_outage_and_not_an_endless_wait(database: Database) -> None:
    async with database.reading(), database.reading():
        assert await outage_of(numbers(database))
    assert await numbers(database) == []


async def test_a_killed_postgres_is_an_outage_until_it_is_back(run_folder: Path) -> None:
    server = Postgres(run_folder / f"own-{uuid4()}", free_port())
    running = start_server(server)
    credentials = await StaticSecrets(username="postgres", password=server.password).database_credentials("any")
    database = Database(f"{server.address}/postgres", "any", credentials)

    async def ask() -> int:
        async with database.reading() as connection:
            return int(await connection.scalar(text("SELECT 1")) or 0)

    assert await ask() == 1
    running.kill()
    for _ in range(3):
        assert await outage_of(ask())
    running.restart()
    assert await ask() == 1
    await database.close()
    running.kill()

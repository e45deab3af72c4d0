"""Two transactions in each other's way: which errors are a lost race, and that a use case is tried again after one."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from chassis.database import locks
from chassis.database.database import Database
from chassis.messaging import outbox
from chassis.messaging.events import Event
from chassis.messaging.outbox import ConcurrencyConflict
from chassis.service.races import ATTEMPTS, retries_lost_races
from chassis.testing.databases import Databases
from chassis.testing.fakes import StaticSecrets
from chassis.testing.servers import Servers
from support.talk import Said, metadata

DEADLOCK, SERIALIZATION, NOT_NULL = "40P01", "40001", "23502"


@pytest.fixture
async def database(databases: Databases, servers: Servers) -> AsyncIterator[Database]:
    await databases.create("alpha", metadata)
    credentials = await StaticSecrets.for_servers(servers).database_credentials("alpha")
    database = Database(databases.url, "alpha", credentials)
    yield database
    await database.close()


async def append(database: Database, event: Event, version: int | None) -> None:
    async with database.transaction() as tx:
        await outbox.append(tx, event, versions=None if version is None else [version])


async def test_a_version_that_is_taken_is_a_conflict(database: Database) -> None:
    await append(database, Said(who="ada", number=1), 1)
    with pytest.raises(ConcurrencyConflict):
        await append(database, Said(who="ada", number=2), 1)
    await append(database, Said(who="ada", number=2), 2)
    await append(database, Said(who="bob", number=1), 1)


@pytest.mark.parametrize(
    "rule",
    [
        "ADD CONSTRAINT small CHECK ((data->>'number')::int < 5)",
        "ADD CONSTRAINT one_of_a_type EXCLUDE (type WITH =)",
        "ADD CONSTRAINT another UNIQUE (type)",
        "ALTER COLUMN published_at SET NOT NULL",
    ],
)
async def test_no_other_broken_rule_is_a_conflict(database: Database, rule: str) -> None:
    if "published_at" not in rule:
        await append(database, Said(who="ada", number=1), 1)
    async with database.transaction() as tx:
        await tx.execute(text(f"ALTER TABLE event_log {rule}"))
    with pytest.raises(IntegrityError):
        await append(database, Said(who="ada", number=9), 2)


@retries_lost_races
async def failing(database: Database, states: list[str]) -> int:
    """Fails with the first of these SQLSTATEs, the next time with the next one; then answers 1."""
    async with database.transaction() as tx:
        if states:
            await tx.execute(text(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{states.pop(0)}'; END $$"))
        return int(await tx.scalar(text("SELECT 1")) or 0)


@pytest.mark.parametrize("state", [DEADLOCK, SERIALIZATION])
async def test_a_use_case_is_tried_again_after_a_lost_race(database: Database, state: str) -> None:
    assert await failing(database, [state] * (ATTEMPTS - 1)) == 1


async def test_it_is_not_tried_for_ever(database: Database) -> None:
    with pytest.raises(DBAPIError):
        await failing(database, [DEADLOCK] * ATTEMPTS)


async def test_what_is_no_lost_race_is_not_tried_again(database: Database) -> None:
    with pytest.raises(IntegrityError):
        await failing(database, [NOT_NULL])


async def test_a_conflict_of_versions_is_tried_again_with_the_state_of_then(database: Database) -> None:
    @retries_lost_races
    async def say_next() -> None:
        async with database.transaction() as tx:
            said = await tx.scalar(text("SELECT count(*) FROM event_log"))
            await outbox.append(tx, Said(who="ada", number=said), versions=[said + 1])

    await asyncio.gather(*(say_next() for _ in range(4)))
    async with database.reading() as connection:
        versions = (await connection.execute(text("SELECT version FROM event_log ORDER BY position"))).scalars()
        assert list(versions) == [1, 2, 3, 4]


async def test_locks_are_taken_in_one_order_whatever_the_order_of_the_ids(database: Database) -> None:
    ids = [uuid4() for _ in range(20)]

    async def own(number: int) -> None:
        async with database.transaction() as tx:
            await locks.own(tx, ids if number % 2 else reversed(ids))

    await asyncio.gather(*(own(number) for number in range(20)))


async def test_a_shared_lock_is_shared_and_keeps_an_owner_out(database: Database) -> None:
    thing = uuid4()
    async with database.transaction() as one, database.transaction() as other:
        await locks.share(one, [thing])
        await locks.share(other, [thing])
        async with database.transaction() as owner:
            await owner.execute(text("SET LOCAL lock_timeout = '50ms'"))
            with pytest.raises(DBAPIError, match="lock timeout"):
                await locks.own(owner, [thing])

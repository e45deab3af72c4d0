"""Work on a service's data that is done once, by a command: migrations, seeds, replays, dead letters."""

import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

import orjson
from sqlalchemy import cast, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, TEXT

from chassis.database import Database
from chassis.dead_letters import CONTENT, original
from chassis.kafka import DEAD_LETTER, REFUSED, Producer
from chassis.migrations import upgrade
from chassis.resources import Shared, open_runtime, open_shared
from chassis.runtime import Runtime
from chassis.service import Service, load_services
from chassis.settings import Settings
from chassis.tables import event_log
from chassis.telemetry import configure_logging

log = logging.getLogger(__name__)


@asynccontextmanager
async def _opened(
    names: Iterable[str], settings: Settings, *, owner: bool = False
) -> AsyncIterator[tuple[Shared, list[tuple[Service, Runtime]]]]:
    configure_logging(settings)
    async with AsyncExitStack() as stack:
        shared = await open_shared(settings, stack, services=[service.name for service in load_services(names)])
        opened = []
        for service in load_services(names):
            role = f"{service.name}-owner" if owner else service.name
            opened.append((service, await open_runtime(service, shared, stack, role=role)))
        yield shared, opened


@asynccontextmanager
async def runtime_of(name: str, settings: Settings) -> AsyncIterator[Runtime]:
    """What a command of a service works with, for the time of the block."""
    async with _opened([name], settings) as (_, [(_, runtime)]):
        yield runtime


async def migrate(names: Iterable[str], settings: Settings, *, with_seed: bool = False) -> None:
    """Bring each service's database to its newest schema, and fill it with its seed when asked to."""
    async with _opened(names, settings, owner=True) as (_, opened):
        for service, runtime in opened:
            revision = await upgrade(service.name, runtime.database)
            log.info("%s is at revision %s", service.name, revision)
        for service, runtime in opened:
            if with_seed and service.seed:
                await service.seed(runtime)
                log.info("%s is seeded", service.name)


async def replay(name: str, settings: Settings, *, publish: bool) -> str:
    """Rebuild what `name` derives from its log; with `publish` have its relay send the whole log again."""
    async with _opened([name], settings) as (_, [(service, runtime)]):
        rebuilt = await service.replay(runtime) if service.replay else 0
        again = 0
        if publish:
            async with runtime.database.transaction() as tx:
                again = (await tx.execute(update(event_log).values(published_at=None))).rowcount
        return f"{name}: {rebuilt} projections rebuilt, {again} events are published again"


_letters = (
    select(event_log)
    .where(event_log.c.topic.endswith(DEAD_LETTER), ~event_log.c.data.has_key("redriven_at"))
    .order_by(event_log.c.position)
)


async def list_dead_letters(names: Iterable[str], settings: Settings) -> list[str]:
    """The dead letters of the services, as one line of JSON each."""
    lines = []
    async with _opened(names, settings) as (_, opened):
        for _, runtime in opened:
            async with runtime.database.reading() as connection:
                for row in await connection.execute(_letters):
                    lines.append(orjson.dumps({"type": row.type, "key": row.key, **row.data}).decode())
    return lines


async def redrive_dead_letters(names: Iterable[str], settings: Settings) -> int:
    """Send dead letters to their topic again; only the consumer that put one aside has not handled it yet.

    What they held is not kept here: where it fails again, there is another letter. One that Kafka refuses, or of which
    only the place is known, stays a dead letter.
    """
    sent = 0
    async with _opened(names, settings) as (shared, opened):
        for _, runtime in opened:
            async with runtime.database.reading() as connection:
                positions = (await connection.execute(_letters.with_only_columns(event_log.c.position))).scalars().all()
            for position in positions:
                sent += await _redrive(runtime.database, shared.producer, position)
    return sent


async def _redrive(database: Database, producer: Producer, position: int) -> int:
    """How many letters were sent: none or one. One at a time, because each may be as large as Kafka allows."""
    letter = _letters.where(event_log.c.position == position).with_for_update()
    async with database.transaction() as tx:
        row = (await tx.execute(letter)).first()
        record = original(row) if row else None
        if record is None:
            return 0
        try:
            await producer.send([record])
        except REFUSED as error:
            log.warning("kafka refuses a record of %s: %s", record.topic, error)
            return 0
        emptied = event_log.c.data.op("-")(cast(CONTENT, ARRAY(TEXT)))
        marked = emptied.op("||")(func.jsonb_build_object("redriven_at", func.now()))
        await tx.execute(update(event_log).where(event_log.c.position == position).values(data=marked))
        return 1

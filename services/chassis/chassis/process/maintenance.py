"""Work on a service's data that is done once, by a command: migrations, seeds, replays, dead letters."""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, cast, func, not_, select, update
from sqlalchemy.dialects.postgresql import ARRAY, TEXT

from chassis.database.database import Database
from chassis.database.migrations import upgrade
from chassis.database.tables import event_log
from chassis.messaging.dead_letters import CONTENT, original
from chassis.messaging.kafka import DEAD_LETTER, REFUSED, Producer
from chassis.observability.logging import configure_logging
from chassis.process.command import Unreachable
from chassis.process.resources import Shared, open_runtime, open_shared
from chassis.service.runtime import Runtime
from chassis.service.service import Service, load_services
from chassis.settings import Settings

log = logging.getLogger(__name__)

OPEN_SECONDS = 30.0


@asynccontextmanager
async def _opened(
    names: Iterable[str], settings: Settings, *, owner: bool = False
) -> AsyncIterator[tuple[Shared, list[tuple[Service, Runtime]]]]:
    """A command of an operator gives up after OPEN_SECONDS with Unreachable; one of the owner runs at the start of a
    stack, and waits until what it needs is there.
    """
    configure_logging(settings)
    services = load_services(names)
    async with AsyncExitStack() as stack:
        try:
            async with asyncio.timeout(None if owner else OPEN_SECONDS):
                shared = await open_shared(
                    settings,
                    stack,
                    services=[service.name for service in services],
                    local={},
                    draining=asyncio.Event(),
                )
                opened = []
                for service in services:
                    role = f"{service.name}-owner" if owner else service.name
                    opened.append((service, await open_runtime(service, shared, stack, role=role)))
        except TimeoutError as error:
            raise Unreachable(
                f"no logins within {OPEN_SECONDS:g} s, the lines above say why: Vault is at {settings.vault_addr},"
                " and `boxoffice status` says whether the stack is up"
            ) from error
        yield shared, opened


@asynccontextmanager
async def runtime_of(name: str, settings: Settings) -> AsyncIterator[Runtime[Any]]:
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


SETTLED = ("redriven_at", "discarded_at")
_is_letter = event_log.c.topic.endswith(DEAD_LETTER)
_is_open = not_(event_log.c.data.has_any(cast(SETTLED, ARRAY(TEXT))))
_letters = select(event_log).where(_is_letter, _is_open).order_by(event_log.c.position)


async def list_dead_letters(names: Iterable[str], settings: Settings) -> list[str]:
    """The dead letters of the services, as one line of JSON each."""
    lines = []
    async with _opened(names, settings) as (_, opened):
        for _, runtime in opened:
            async with runtime.database.reading() as connection:
                for row in await connection.execute(_letters):
                    lines.append(
                        orjson.dumps({"letter": str(row.id), "type": row.type, "key": row.key, **row.data}).decode()
                    )
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
        settled = update(event_log).where(event_log.c.position == position).values(data=_settled("redriven_at"))
        await tx.execute(settled)
        return 1


async def discard_dead_letters(names: Iterable[str], letters: Collection[UUID], settings: Settings) -> int:
    """Let nothing come of these dead letters, and keep nothing that they held; answers how many there were."""
    mine = update(event_log).where(_is_letter, _is_open, event_log.c.id.in_(letters))
    discarded = 0
    async with _opened(names, settings) as (_, opened):
        for _, runtime in opened:
            async with runtime.database.transaction() as tx:
                discarded += (await tx.execute(mine.values(data=_settled("discarded_at")))).rowcount
    return discarded


def _settled(how: str) -> ColumnElement[object]:
    """The `data` of a letter that an operator has decided about: without what it held."""
    emptied = event_log.c.data.op("-")(cast(CONTENT, ARRAY(TEXT)))
    return emptied.op("||")(func.jsonb_build_object(how, func.now()))

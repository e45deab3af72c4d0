"""The transactional outbox: an event is appended to the service's own log in the transaction of the change it tells of.

The relay sends what is not yet published to Kafka in order of position. One relay of a service is active at a time:
the one that holds the advisory lock of its database. Postgres is the truth. Where Kafka turns out to have lost its log,
what it ought to hold is sent again, and the inboxes of the consumers sort out what they have handled before.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import any_, bindparam, cast, func, insert, select, text, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database.database import Database, announce_append, violated_constraint
from chassis.database.tables import event_log, relay_offset
from chassis.errors import Problem
from chassis.ids import uuid7
from chassis.messaging.dead_letters import describe, published_form, refused_row
from chassis.messaging.events import Event
from chassis.messaging.kafka import DEAD_LETTER, REFUSED, Acknowledged, Outgoing, Producer
from chassis.observability.metrics import HANDLED, OUTBOX_DEPTH, PUBLISHED
from chassis.observability.trace_context import traceparent_of
from chassis.work.worker import Worker

log = logging.getLogger(__name__)

BATCH = 1000
MOST_BYTES = 800_000
"""Of one event, as JSON. Postgres puts blanks between members, and the envelope comes on top."""
RELAY_LOCK = 0x0B0F
"""The advisory lock's number; each service has a database of its own, and so a lock of its own."""


VERSION_TAKEN = "event_log_topic_key_version_key"
"""The constraint that lets a version of an aggregate be appended once."""


class EventTooLarge(Problem):
    """An event that no broker would take is refused before it is in the log, where others would wait behind it."""

    status = 413
    slug = "event-too-large"


class ConcurrencyConflict(Problem):
    """Another transaction appended this version of the aggregate first."""

    status = 409
    slug = "concurrent-change"


async def append(tx: AsyncConnection, *events: Event, versions: Sequence[int] | None = None) -> None:
    """Append `events` to the log; they are published once `tx` has committed.

    An event-sourced aggregate gives the `versions` of its events, from 1. Raises ConcurrencyConflict when one is taken,
    EventTooLarge for more than `MOST_BYTES`.
    """
    if not events:
        return
    numbers: Sequence[int | None] = versions or [None] * len(events)
    rows = [
        {
            "id": uuid7(),
            "topic": event.topic,
            "key": event.key,
            "version": version,
            "type": event.type,
            "data": _bounded(event),
            "traceparent": traceparent_of(event.key),
        }
        for event, version in zip(events, numbers, strict=True)
    ]
    try:
        await tx.execute(insert(event_log), rows)
    except IntegrityError as error:
        if violated_constraint(error) != VERSION_TAKEN:
            raise
        raise ConcurrencyConflict("Another request changed this at the same moment.") from error
    announce_append(tx)


def _bounded(event: Event) -> dict[str, Any]:
    data = event.model_dump(mode="json")
    if len(orjson.dumps(data)) > MOST_BYTES:
        raise EventTooLarge(f"{event.type} has more than {MOST_BYTES} bytes.")
    return data


_unpublished = (
    select(
        event_log.c.position,
        event_log.c.id,
        event_log.c.topic,
        event_log.c.key,
        event_log.c.type,
        cast(event_log.c.data, postgresql.TEXT).label("data"),
        event_log.c.traceparent,
        event_log.c.time,
    )
    .where(event_log.c.published_at.is_(None))
    .order_by(event_log.c.position)
    .limit(BATCH)
)
_depth = select(func.count()).select_from(event_log).where(event_log.c.published_at.is_(None))
_mark_published = (
    update(event_log)
    .where(event_log.c.position == any_(bindparam("positions", type_=postgresql.ARRAY(postgresql.BIGINT))))
    .values(published_at=func.now())
)
_offsets = postgresql.insert(relay_offset)
_remember_offset = _offsets.on_conflict_do_update(
    index_elements=[relay_offset.c.topic, relay_offset.c.partition], set_={"offset": _offsets.excluded.offset}
)


class Relay:
    """Moves the event log of one service to Kafka."""

    def __init__(self, database: Database, producer: Producer, *, retention_hours: float) -> None:
        """`retention_hours`: how long Kafka keeps events, and so how far back a lost log is sent again."""
        self._database = database
        self._producer = producer
        self._retention = timedelta(hours=retention_hours)
        self.worker = Worker(f"relay:{database.name}", self.step, idle_seconds=1.0, woken=database.appended)

    async def step(self) -> int:
        """Publish one batch; returns how many events it held."""
        async with self._database.transaction() as tx:
            depth = OUTBOX_DEPTH.labels(self._database.name)
            if not await tx.scalar(select(func.pg_try_advisory_xact_lock(RELAY_LOCK))):
                depth.set(0)  # it is another's to say, so that the sum over all instances is right
                return 0
            rows = (await tx.execute(_unpublished)).all()
            depth.set(len(rows) if len(rows) < BATCH else (await tx.execute(_depth)).scalar_one())
            if not rows:
                await self._refill_if_lost(tx)
                return 0
            acknowledged = await self._send(tx, rows)
            await tx.execute(_mark_published, {"positions": [row.position for row in rows]})
            if await self._went_back(tx, acknowledged):
                await self._publish_again(tx)  # these too
            else:
                await tx.execute(
                    _remember_offset,
                    [
                        {"topic": topic, "partition": part, "offset": ack.first}
                        for (topic, part), ack in acknowledged.items()
                    ],
                )
        PUBLISHED.labels(self._database.name).inc(len(rows))
        return len(rows)

    async def _send(self, tx: AsyncConnection, rows: Sequence[Any]) -> dict[tuple[str, int], Acknowledged]:
        """Send `rows` together, or one by one where Kafka refuses one of them: that one becomes a dead letter."""
        try:
            return await self._producer.send([self._outgoing(row) for row in rows])
        except REFUSED:
            log.warning("kafka refuses an event of %s, they are sent one by one", self._database.name)
        acknowledged: dict[tuple[str, int], Acknowledged] = {}
        for row in rows:
            try:
                sent = await self._producer.send([self._outgoing(row)])
            except REFUSED as error:
                await self._put_aside(tx, row, error)
                continue
            for place, ack in sent.items():
                first = acknowledged[place].first if place in acknowledged else ack.first
                acknowledged[place] = Acknowledged(first=first, last=ack.last)
        return acknowledged

    async def _put_aside(self, tx: AsyncConnection, row: Any, error: Exception) -> None:
        """Make a dead letter of an event that Kafka refuses; of a dead letter that it refuses there is nothing more."""
        log.error("kafka refuses %s %s of %s", row.type, row.id, self._database.name, exc_info=error)
        if row.topic.endswith(DEAD_LETTER):
            return
        letter = refused_row(self._outgoing(row), consumer=self._database.name, reason=describe(error))
        await tx.execute(postgresql.insert(event_log).on_conflict_do_nothing(), letter)
        HANDLED.labels(self._database.name, row.topic, "dead-letter").inc()
        self.worker.wake()

    def _outgoing(self, row: Any) -> Outgoing:
        return Outgoing(
            topic=row.topic,
            key=row.key.encode(),
            value=published_form(row.data) if row.topic.endswith(DEAD_LETTER) else row.data.encode(),
            id=str(row.id),
            type=row.type,
            source=self._database.name,
            time=row.time.isoformat(),
            traceparent=row.traceparent,
        )

    async def _went_back(self, tx: AsyncConnection, acknowledged: dict[tuple[str, int], Acknowledged]) -> bool:
        """Whether Kafka acknowledged an offset that is not above the last one: then its log is not the one we wrote."""
        known = await self._known_offsets(tx)
        return any(ack.first <= known[place] for place, ack in acknowledged.items() if place in known)

    async def _refill_if_lost(self, tx: AsyncConnection) -> None:
        """Compare, when there is nothing to publish, the ends of Kafka's log with what was acknowledged."""
        known = await self._known_offsets(tx)
        if not known:
            return
        ends = await self._producer.ends(list(known))
        if any(ends.get(place, 0) <= offset for place, offset in known.items()):
            await self._publish_again(tx)

    @staticmethod
    async def _known_offsets(tx: AsyncConnection) -> dict[tuple[str, int], int]:
        rows = await tx.execute(select(relay_offset.c.topic, relay_offset.c.partition, relay_offset.c.offset))
        return {(row.topic, row.partition): row.offset for row in rows}

    async def _publish_again(self, tx: AsyncConnection) -> None:
        result = await tx.execute(
            update(event_log).where(event_log.c.time > func.now() - self._retention).values(published_at=None)
        )
        await tx.execute(text("DELETE FROM relay_offset"))
        log.warning("kafka lost its log: %s publishes %d events again", self._database.name, result.rowcount)
        self.worker.wake()

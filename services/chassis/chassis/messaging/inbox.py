"""Consuming events exactly once in effect: the inbox records each event in the transaction of what it brings about.

A consumer takes a batch from Kafka, handles it in one transaction and only then commits the offsets. Whatever dies in
between, the batch comes again and the inbox leaves out what is done. An event that cannot be handled is tried again
by itself, then becomes a dead letter, while the others go on. What is not done holds back the committed offset.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from aiokafka import ConsumerRecord, TopicPartition
from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database.database import Database, announce_append
from chassis.database.tables import event_log, inbox
from chassis.errors import is_outage
from chassis.messaging.dead_letters import describe, row_of, row_without_record
from chassis.messaging.events import Received, Subscription
from chassis.messaging.group import Member
from chassis.messaging.records import Delivery, Unreadable, read
from chassis.messaging.tenure import Line, Tenure
from chassis.messaging.unpacking import speaks_of_bytes
from chassis.observability.metrics import HANDLED, REWINDS, WAITING
from chassis.observability.trace_context import batch_context, trace_context
from chassis.observability.tracing import span
from chassis.settings import Settings
from chassis.work.worker import Worker, failure_of, is_cancelled

log = logging.getLogger(__name__)

BATCH = 500
WAIT_SECONDS = 0.5
HANDLE_SECONDS = 60.0
"""For one transaction. Each statement has a bound of its own; a connection that is dead may not even say so."""
PROBE_SECONDS = 3.0
RETRY_SECONDS = (0.1, 0.5, 2.0)
REPORTED = 200
"""Of that many attempts on an event that waits for a server, one is logged: with the last pause, one in minutes."""
PROBE_PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0)

_ids = func.unnest(bindparam("ids", type_=postgresql.ARRAY(postgresql.UUID))).column_valued("id")
_take_new = (
    postgresql.insert(inbox)
    .from_select(["event_id"], select(_ids))
    .on_conflict_do_nothing()
    .returning(inbox.c.event_id)
)
_letter = postgresql.insert(event_log)
_put_letter = _letter.on_conflict_do_update(
    index_elements=[event_log.c.id],
    set_={"data": _letter.excluded.data, "time": bindparam("now"), "published_at": None},
)


class Consumer:
    """The consumer group of one service, as one member of it."""

    def __init__(
        self,
        service: str,
        database: Database,
        subscriptions: Sequence[Subscription],
        settings: Settings,
        *,
        member: type[Member] = Member,
    ) -> None:
        self._service = service
        self._database = database
        self._subscriptions = {(each.topic, each.model.type): each for each in subscriptions}
        self._tenure = Tenure()
        self._member = member(service, sorted({each.topic for each in subscriptions}), settings, self._begin_tenure)
        self.worker = Worker(f"consumer:{service}", self.step, idle_seconds=0)

    async def step(self) -> int:
        """Take what Kafka has (it waits a moment), handle it, commit the offsets; returns the number of records.

        After any exception it begins again with what is committed: nothing is committed over what was not handled.
        """
        try:
            return await self._round()
        except BaseException as error:
            if not is_cancelled():
                REWINDS.labels(self._service).inc()
                await (self._member.rewind() if speaks_of_bytes(error) else self.close())
            raise

    async def handle(self, records: Sequence[ConsumerRecord]) -> None:
        """Handle `records`; returns when every one of them has had its effect or is a dead letter."""
        tenure = Tenure()
        tenure.take((_place(each), each.offset) for each in records)
        await self._work_off(tenure, records)
        while tenure.lines:
            await asyncio.sleep(tenure.pause(WAIT_SECONDS))
            await self._try_again(tenure)

    async def close(self) -> None:
        """Leave the group: its other members take over."""
        await self._member.leave()

    def _begin_tenure(self) -> None:
        self._tenure = Tenure()

    async def _round(self) -> int:
        handled = 0
        if self._tenure.full:
            await asyncio.sleep(self._tenure.pause(WAIT_SECONDS))
        else:
            fetched = await self._member.fetch(BATCH, wait_seconds=self._tenure.pause(WAIT_SECONDS))
            handled = len(fetched)
            tenure = self._tenure  # the one that these records belong to: a rebalance may begin another meanwhile
            places = [(_place(each), each.offset) for each in fetched.records]
            places += [(each.place, each.offset) for each in fetched.unfetchable]
            tenure.take(places)
            await self._work_off(tenure, fetched.records)
            for lost in fetched.unfetchable:
                row = row_without_record(lost.place, lost.offset, consumer=self._service, reason=describe(lost.error))
                await self._put_aside(tenure, row, lost.place, lost.offset)
        await self._try_again(self._tenure)
        WAITING.labels(self._service).set(self._tenure.waiting_seconds)
        await self._commit(self._tenure)
        return handled

    async def _work_off(self, tenure: Tenure, records: Sequence[ConsumerRecord]) -> None:
        """Handle what can be handled now; what fails waits in the lines of `tenure`."""
        readings = [read(record, self._subscriptions) for record in records]
        wanted = [each for each in readings if isinstance(each, Delivery)]
        await self._handle(tenure, [each for each in wanted if not tenure.wait_behind(each)])
        for each in readings:
            if isinstance(each, Unreadable):
                await self._put_record_aside(tenure, each.record, each.reason)
            elif not isinstance(each, Delivery):
                tenure.finish(_place(each.record), each.record.offset)

    async def _handle(self, tenure: Tenure, deliveries: Sequence[Delivery]) -> None:
        """All together; where that fails each is tried by itself, and those behind it with the same key wait for it."""
        if not deliveries:
            return
        if not await self._failure_of(deliveries):
            self._finish(tenure, deliveries)
            return
        for each in deliveries:
            if not tenure.wait_behind(each):
                tenure.lines[each.event.key] = Line([each])

    async def _try_again(self, tenure: Tenure) -> None:
        """The first of each line that is due, for WAIT_SECONDS: attempts may be slow, and others come meanwhile."""
        began = time.monotonic()
        for key, line in tenure.due():
            first, *others = line.deliveries
            if error := await self._failure_of([first]):
                again = line.failed(error, RETRY_SECONDS)
                self._report(line, first, error, again=again)
                if not again:
                    await self._put_record_aside(tenure, first.record, describe(error))
            else:
                again = False
                self._finish(tenure, [first])
            if not again:
                del tenure.lines[key]
                await self._handle(tenure, others)
            if time.monotonic() - began > WAIT_SECONDS:
                break

    def _report(self, line: Line, first: Delivery, error: BaseException, *, again: bool) -> None:
        if not again:
            log.error("%s puts %s %s aside", self._service, first.event.type, first.event.id, exc_info=error)
        elif line.outages % REPORTED == 1:
            log.warning(
                "%s waits to handle %s %s: %s", self._service, first.event.type, first.event.id, describe(error)
            )

    def _finish(self, tenure: Tenure, deliveries: Sequence[Delivery]) -> None:
        for each in deliveries:
            tenure.finish(_place(each.record), each.record.offset)

    async def _failure_of(self, deliveries: Sequence[Delivery]) -> BaseException | None:
        """Why `deliveries` could not be handled, while the database answers; where it does not, wait and try again."""
        while error := await failure_of(self._handle_together(deliveries)):
            if await self._database_answers():
                return error
            await self._until_database_answers(error)
        return None

    async def _handle_together(self, deliveries: Sequence[Delivery]) -> None:
        first: dict[UUID, Delivery] = {}
        for each in deliveries:
            first.setdefault(each.inbox_id, each)
        async with asyncio.timeout(HANDLE_SECONDS), self._database.transaction() as tx:
            rows = await tx.execute(_take_new, {"ids": list(first)})
            new = set(rows.scalars())
            for subscription, events in _waves([each for id_, each in first.items() if id_ in new]):
                await self._call(subscription, tx, events)
        for id_, each in first.items():
            HANDLED.labels(self._service, each.record.topic, "handled" if id_ in new else "repeated").inc()

    async def _call(self, subscription: Subscription, tx: AsyncConnection, events: Sequence[Received[Any]]) -> None:
        """Call a handler; what it appends belongs to the trace of the event with the same key."""
        name = f"{self._service} handles {subscription.model.type}"
        with (
            batch_context({event.key: event.traceparent for event in events}),
            trace_context(events[0].traceparent),
            span(name, "CONSUMER", service=self._service, **{"messaging.batch.message_count": len(events)}),
        ):
            await subscription.handler(tx, events)

    async def _put_record_aside(self, tenure: Tenure, record: ConsumerRecord, reason: str) -> None:
        row = row_of(record, consumer=self._service, reason=reason)
        await self._put_aside(tenure, row, _place(record), record.offset)

    async def _put_aside(self, tenure: Tenure, row: dict[str, Any], place: TopicPartition, offset: int) -> None:
        """Write a dead letter to this service's log; the relay publishes it to `<topic>.dead-letter`."""
        while error := await failure_of(self._write(row)):
            if not is_outage(error) and await self._database_answers():
                if "headers" not in row["data"]:
                    raise error
                log.error("%s keeps a dead letter without its content", self._service, exc_info=error)
                row = row_without_record(place, offset, consumer=self._service, reason=row["data"]["reason"])
            else:
                await self._until_database_answers(error)
        HANDLED.labels(self._service, place.topic, "dead-letter").inc()
        tenure.finish(place, offset)

    async def _write(self, row: dict[str, Any]) -> None:
        async with asyncio.timeout(HANDLE_SECONDS), self._database.transaction() as tx:
            await tx.execute(_put_letter, row | {"now": datetime.now(UTC)})
            announce_append(tx)

    async def _database_answers(self) -> bool:
        """Whether the inbox can be written to: a failure while it cannot says nothing about an event."""
        return await failure_of(self._probe()) is None

    async def _probe(self) -> None:
        async with asyncio.timeout(PROBE_SECONDS), self._database.engine.connect() as connection:
            await connection.execute(_take_new, {"ids": [uuid4()]})
            await connection.rollback()

    async def _until_database_answers(self, error: BaseException) -> None:
        log.warning("%s waits to handle events: %s", self._service, describe(error))
        for pause in _endless(PROBE_PAUSES):
            await asyncio.sleep(pause)
            if await self._database_answers():
                return

    async def _commit(self, tenure: Tenure) -> None:
        offsets = tenure.offsets()
        if offsets and await self._member.commit(offsets):
            tenure.committed(offsets)


def _place(record: ConsumerRecord) -> TopicPartition:
    return TopicPartition(record.topic, record.partition)


def _endless(pauses: Sequence[float]) -> Iterator[float]:
    """The pauses one after the other, then the last one again and again."""
    yield from pauses
    while True:
        yield pauses[-1]


def _waves(deliveries: Sequence[Delivery]) -> Iterator[tuple[Subscription, list[Received[Any]]]]:
    """Split a batch into calls of handlers: events of one type together, but those of one key one after the other."""
    seen: dict[str, int] = defaultdict(int)
    waves: dict[int, dict[int, tuple[Subscription, list[Received[Any]]]]] = defaultdict(dict)
    for each in deliveries:
        wave = waves[seen[each.event.key]]
        seen[each.event.key] += 1
        wave.setdefault(id(each.subscription), (each.subscription, []))[1].append(each.event)
    for number in sorted(waves):
        yield from waves[number].values()

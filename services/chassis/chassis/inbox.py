"""Consuming events exactly once in effect: the inbox records each event in the transaction of what it brings about.

A consumer takes a batch from Kafka, handles it in one transaction and only then commits the offsets. Whatever dies in
between, the batch comes again and the inbox leaves out what is done. An event that cannot be handled is tried again
by itself, then put aside as a dead letter, while the others go on.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from pydantic import ValidationError
from sqlalchemy import bindparam, func, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database, announce_append
from chassis.errors import is_outage
from chassis.events import Received, Subscription
from chassis.kafka import DEAD_LETTER, group_consumer, header, leave
from chassis.settings import Settings
from chassis.tables import event_log, inbox
from chassis.telemetry import HANDLED, LAG, batch_context, trace_context
from chassis.tracing import span
from chassis.worker import Worker

log = logging.getLogger(__name__)

BATCH = 500
RETRY_SECONDS = (0.1, 0.5, 2.0)
POISON_NAMESPACE = UUID("b0f1ce00-0000-5000-8000-000000000000")

_ids = func.unnest(bindparam("ids", type_=postgresql.ARRAY(postgresql.UUID))).column_valued("id")
_take_new = (
    postgresql.insert(inbox)
    .from_select(["event_id"], select(_ids))
    .on_conflict_do_nothing()
    .returning(inbox.c.event_id)
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A record from Kafka together with the subscription that it is for."""

    record: ConsumerRecord
    event: Received[Any]
    subscription: Subscription


class Consumer:
    """The consumer group of one service, as one member of it."""

    def __init__(
        self, service: str, database: Database, subscriptions: Sequence[Subscription], settings: Settings
    ) -> None:
        self._service = service
        self._database = database
        self._settings = settings
        self._subscriptions = {(each.topic, each.model.type): each for each in subscriptions}
        self._topics = sorted({each.topic for each in subscriptions})
        self._consumer: AIOKafkaConsumer | None = None
        self._measured: set[TopicPartition] = set()
        self.worker = Worker(f"consumer:{service}", self.step, idle_seconds=0)

    async def step(self) -> int:
        """Take what Kafka has (it waits a moment), handle it, commit the offsets; returns the number of records."""
        consumer = await self._joined()
        try:
            fetched = await consumer.getmany(timeout_ms=500, max_records=BATCH)
            records = [record for batch in fetched.values() for record in batch]
            self._measure_lag(consumer, fetched, handled=False)
            if records:
                await self.handle(records)
                await self._commit(consumer)
                self._measure_lag(consumer, fetched, handled=True)
            return len(records)
        except KafkaError:
            await self.close()
            raise

    async def handle(self, records: Sequence[ConsumerRecord]) -> None:
        """Handle `records`; returns when every one of them has had its effect or is a dead letter."""
        deliveries = [delivery for record in records if (delivery := await self._read(record))]
        while deliveries:
            try:
                await self._handle_together(deliveries)
                return
            except Exception as error:
                if not is_outage(error):
                    break
                log.warning("%s waits to handle events: %s", self._service, type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS[1])
        await self._handle_apart(deliveries)

    async def close(self) -> None:
        """Leave the group: its other members take over."""
        if self._consumer:
            consumer, self._consumer = self._consumer, None
            await leave(consumer, self._settings)

    async def _joined(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            consumer = group_consumer(self._settings, self._service, self._topics)
            try:
                await consumer.start()
            except BaseException:
                await leave(consumer, self._settings)
                raise
            self._consumer = consumer
        return self._consumer

    async def _read(self, record: ConsumerRecord) -> Delivery | None:
        """The delivery of `record`, or None when it is not wanted here, or not readable and put aside."""
        subscription = self._subscriptions.get((record.topic, header(record, "ce_type")))
        if subscription is None:
            return None
        try:
            event = Received(
                id=UUID(header(record, "ce_id")),
                type=subscription.model.type,
                source=header(record, "ce_source"),
                time=datetime.fromisoformat(header(record, "ce_time")),
                key=(record.key or b"").decode(),
                data=subscription.model.model_validate_json(record.value or b""),
                traceparent=header(record, "traceparent"),
            )
        except (ValidationError, ValueError) as error:
            await self._put_aside(record, f"{type(error).__name__}: {error}")
            return None
        return Delivery(record, event, subscription)

    async def _handle_together(self, deliveries: Sequence[Delivery]) -> None:
        async with self._database.transaction() as tx:
            rows = await tx.execute(_take_new, {"ids": list({each.event.id for each in deliveries})})
            new = set(rows.scalars())
            fresh: dict[UUID, Delivery] = {each.event.id: each for each in deliveries if each.event.id in new}
            for subscription, events in _waves(list(fresh.values())):
                await self._call(subscription, tx, events)
        for each in deliveries:
            outcome = "handled" if each.event.id in fresh else "repeated"
            HANDLED.labels(self._service, each.record.topic, outcome).inc()

    async def _call(self, subscription: Subscription, tx: AsyncConnection, events: Sequence[Received[Any]]) -> None:
        """Call a handler; what it appends belongs to the trace of the event with the same key."""
        name = f"{self._service} handles {subscription.model.type}"
        with (
            batch_context({event.key: event.traceparent for event in events}),
            trace_context(events[0].traceparent),
            span(name, "CONSUMER", **{"messaging.batch.message_count": len(events)}),
        ):
            await subscription.handler(tx, events)

    async def _handle_apart(self, deliveries: Sequence[Delivery]) -> None:
        """One event at a time. The events behind a failing one with the same key wait for it; the others do not."""
        blocked: dict[str, list[Delivery]] = {}
        for each in deliveries:
            if each.event.key in blocked or not await self._try(each):
                blocked.setdefault(each.event.key, []).append(each)
        for each in (delivery for queue in blocked.values() for delivery in queue):
            for pause in RETRY_SECONDS:
                if await self._try(each):
                    break
                await asyncio.sleep(pause)
            else:
                await self._try(each, last=True)

    async def _try(self, delivery: Delivery, *, last: bool = False) -> bool:
        """Whether it was handled, or put aside at the `last` attempt; waits for as long as a server is away."""
        while True:
            try:
                await self._handle_together([delivery])
            except Exception as error:
                if is_outage(error):
                    await asyncio.sleep(RETRY_SECONDS[1])
                    continue
                if last:
                    log.exception("%s puts %s %s aside", self._service, delivery.event.type, delivery.event.id)
                    await self._put_aside(delivery.record, f"{type(error).__name__}: {error}")
                return last
            return True

    async def _put_aside(self, record: ConsumerRecord, reason: str) -> None:
        """Write a dead letter to this service's log; the relay publishes it to `<topic>.dead-letter`."""
        value = (record.value or b"").decode(errors="replace").replace("\x00", "\ufffd")
        letter = {
            "consumer": self._service,
            "reason": reason[:2000],
            "topic": record.topic,
            "id": header(record, "ce_id"),
            "source": header(record, "ce_source"),
            "time": header(record, "ce_time"),
            "value": value,
        }
        place = f"{self._service}/{header(record, 'ce_id') or f'{record.topic}/{record.partition}/{record.offset}'}"
        row = {
            "id": uuid5(POISON_NAMESPACE, place),
            "topic": record.topic + DEAD_LETTER,
            "key": (record.key or b"").decode(errors="replace"),
            "type": header(record, "ce_type") or "unknown",
            "data": letter,
            "traceparent": header(record, "traceparent"),
        }
        insert = postgresql.insert(event_log)
        again = {"data": insert.excluded.data, "time": datetime.now(UTC), "published_at": None}
        async with self._database.transaction() as tx:
            await tx.execute(insert.on_conflict_do_update(index_elements=[event_log.c.id], set_=again), row)
            announce_append(tx)
        HANDLED.labels(self._service, record.topic, "dead-letter").inc()

    async def _commit(self, consumer: AIOKafkaConsumer) -> None:
        try:
            await consumer.commit()
        except (CommitFailedError, IllegalStateError):
            log.info("%s: the group was rebalanced, the batch may come again", self._service)

    def _measure_lag(self, consumer: AIOKafkaConsumer, fetched: dict[Any, Any], *, handled: bool) -> None:
        """What waits in the partitions that are this member's; `fetched` is part of it until it is `handled`."""
        assigned = consumer.assignment()  # a rebalance may have taken partitions away meanwhile
        for place in self._measured - assigned:
            LAG.remove(self._service, f"{place.topic}/{place.partition}")
        self._measured &= assigned
        for place, records in fetched.items():
            end = consumer.highwater(place) if place in assigned else None
            if records and end is not None:
                first, last = records[0].offset, records[-1].offset
                LAG.labels(self._service, f"{place.topic}/{place.partition}").set(
                    end - (last + 1 if handled else first)
                )
                self._measured.add(place)


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

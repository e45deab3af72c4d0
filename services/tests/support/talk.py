"""Two services that only talk: `alpha` says numbers under somebody's name, `beta` writes down what it heard."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from sqlalchemy import Column, Identity, Integer, MetaData, Table, Text, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import event_log
from chassis.ids import uuid7
from chassis.messaging import Event, PublicText, Received, Subscription, outbox
from chassis.messaging.kafka import DEAD_LETTER, MAX_REQUEST_BYTES, Outgoing, Verbatim
from chassis.service import Runtime, Service, create_service
from chassis.testing import App, eventually
from support.brokers import Broker

metadata = MetaData()
heard = Table(
    "heard",
    metadata,
    Column("position", Integer, Identity(), primary_key=True),
    Column("who", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("traceparent", Text, nullable=False),
)


class Said(Event, topic="alpha", type="alpha.said", key="who"):
    who: PublicText
    number: int


@dataclass
class Ears:
    """What beta's handler does: it writes down what it hears, and fails as `fail` says."""

    fail: Callable[[Sequence[Received[Said]]], None] = lambda events: None
    batches: list[list[int]] = field(default_factory=list)

    async def listen(self, tx: AsyncConnection, events: Sequence[Received[Said]]) -> None:
        self.batches.append([event.data.number for event in events])
        rows = [{"traceparent": event.traceparent, **event.data.model_dump()} for event in events]
        await tx.execute(insert(heard), rows)
        self.fail(events)


@dataclass
class Talk:
    """A running alpha and beta, and what a test does with them."""

    app: App
    ears: Ears
    broker: Broker

    @property
    def alpha(self) -> Runtime:
        return self.app.runtime("alpha")

    @property
    def beta(self) -> Runtime:
        return self.app.runtime("beta")

    async def say(self, who: str, *numbers: int) -> None:
        """Append to alpha's log, all in one transaction."""
        async with self.alpha.database.transaction() as tx:
            await outbox.append(tx, *(Said(who=who, number=number) for number in numbers))

    async def send(self, *records: Verbatim, partition: int | None = None) -> None:
        """Put `records` into Kafka past alpha's log, as a stranger would."""
        async with AIOKafkaProducer(
            bootstrap_servers=self.broker.address, max_request_size=MAX_REQUEST_BYTES
        ) as stranger:
            for each in records:
                headers = list(each.attributes)
                await stranger.send_and_wait(each.topic, each.value, each.key, partition=partition, headers=headers)

    async def letters(self) -> list[dict[str, Any]]:
        """The dead letters in beta's log, in order."""
        letters = select(event_log.c.data).where(event_log.c.topic == "alpha" + DEAD_LETTER)
        async with self.beta.database.reading() as connection:
            return list((await connection.execute(letters.order_by(event_log.c.position))).scalars())

    async def until_put_aside(self, count: int = 1) -> list[dict[str, Any]]:
        async def are_there() -> bool:
            return len(await self.letters()) >= count

        await eventually(are_there)
        return await self.letters()

    async def until_committed(self) -> None:
        """Wait until beta has committed all that `alpha` holds."""
        reader = AIOKafkaConsumer(bootstrap_servers=self.broker.address, group_id="beta", enable_auto_commit=False)
        await reader.start()
        try:
            places = [TopicPartition("alpha", number) for number in await self._partitions()]

            async def behind() -> dict[TopicPartition, int]:
                ends = await reader.end_offsets(places)
                return {place: end - (await reader.committed(place) or 0) for place, end in ends.items()}

            # The embedded broker says a little less than its end.
            await eventually(behind, lambda gaps: max(gaps.values()) <= 0)
        finally:
            await reader.stop()

    async def _partitions(self) -> set[int]:
        async with AIOKafkaProducer(bootstrap_servers=self.broker.address) as producer:
            return set(await producer.partitions_for("alpha"))

    async def say_again(self) -> None:
        """Have alpha's relay publish the whole log once more."""
        async with self.alpha.database.transaction() as tx:
            await tx.execute(update(event_log).values(published_at=None))

    async def heard(self, runtime: Runtime | None = None) -> dict[str, list[int]]:
        """What beta wrote down, by who said it, in the order in which it came."""
        numbers = defaultdict(list)
        async with (runtime or self.beta).database.reading() as connection:
            for row in await connection.execute(select(heard).order_by(heard.c.position)):
                numbers[row.who].append(row.number)
        return dict(numbers)

    async def until_heard(self, who: str, number: int, *, seconds: float = 20) -> dict[str, list[int]]:
        """Wait for `number`; answers all that was heard by then."""

        async def is_heard() -> bool:
            return number in (await self.heard()).get(who, [])

        await eventually(is_heard, seconds=seconds)
        return await self.heard()

    async def until_published(self) -> None:
        """Wait until nothing in alpha's log is left for the relay to do."""

        async def nothing_is_left() -> bool:
            async with self.alpha.database.reading() as connection:
                unpublished = select(event_log.c.id).where(event_log.c.published_at.is_(None)).limit(1)
                return (await connection.execute(unpublished)).first() is None

        await eventually(nothing_is_left)

    async def records(self, topic: str, *, at_least: int = 0) -> "list[ConsumerRecord[bytes, bytes]]":
        """All that the broker holds of `topic`, read by nobody's group."""
        consumer = AIOKafkaConsumer(topic, bootstrap_servers=self.broker.address, auto_offset_reset="earliest")
        await consumer.start()
        found: list[ConsumerRecord[bytes, bytes]] = []
        try:
            while more := await consumer.getmany(timeout_ms=500 if len(found) >= at_least else 10_000):
                found.extend(record for records in more.values() for record in records)
            return found
        finally:
            await consumer.stop()


def said(who: str, number: int) -> Verbatim:
    """The record of an event, as alpha's relay sends it."""
    event = Said(who=who, number=number)
    at = datetime.now(UTC).isoformat()
    sent = Outgoing(event.topic, who.encode(), event.model_dump_json().encode(), str(uuid7()), event.type, "alpha", at)
    return Verbatim(sent.topic, sent.key, sent.value, sent.headers())


def talking(ears: Ears, name: str = "beta") -> Service:
    """A service that listens to alpha."""
    return create_service(name, subscriptions=lambda runtime: [Subscription(Said, ears.listen)])


ALPHA = create_service("alpha")

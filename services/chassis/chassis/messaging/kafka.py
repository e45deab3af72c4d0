"""Kafka as transport: events travel as CloudEvents in binary mode, the envelope in the record's headers."""

import asyncio
import logging
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    PolicyViolationError,
    RecordListTooLargeError,
)

from chassis.settings import Settings

log = logging.getLogger(__name__)

DEAD_LETTER = ".dead-letter"
MAX_RECORD_BYTES = 1_000_000
"""A broker takes a little more, unless it was told otherwise."""
MAX_REQUEST_BYTES = 64 * 1024 * 1024
"""The broker decides what is too large, and not its client."""
REFUSED = (MessageSizeTooLargeError, RecordListTooLargeError, PolicyViolationError)
"""What Kafka says about a record that it will never take."""
SEND_SECONDS = 10.0
METADATA_SECONDS = 3.0
LEAVE_SECONDS = 5.0
UNCOMPRESSED = {"compression.type": "uncompressed"}
"""A batch in a codec that a consumer does not have would stop it: whatever comes, the broker unpacks it."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One event on its way to Kafka; `value` is its data as JSON."""

    topic: str
    key: bytes
    value: bytes
    id: str
    type: str
    source: str
    time: str
    traceparent: str = ""

    def headers(self) -> list[tuple[str, bytes]]:
        """The CloudEvents attributes, and the trace context of W3C."""
        return [
            ("ce_specversion", b"1.0"),
            ("ce_id", self.id.encode()),
            ("ce_type", self.type.encode()),
            ("ce_source", self.source.encode()),
            ("ce_time", self.time.encode()),
            ("content-type", b"application/json"),
            ("traceparent", self.traceparent.encode()),
        ]


@dataclass(frozen=True, slots=True)
class Verbatim:
    """A record with exactly these bytes."""

    topic: str
    key: bytes | None
    value: bytes | None
    attributes: Sequence[tuple[str, bytes | None]]

    def headers(self) -> Sequence[tuple[str, bytes | None]]:
        return self.attributes


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The offsets that the records of one batch got in one partition."""

    first: int
    last: int


class Producer:
    """One producer for all services of a process. It connects when it is first needed, and again when it has to."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._connecting = asyncio.Lock()
        self._producer: AIOKafkaProducer | None = None
        self._reader: AIOKafkaConsumer | None = None

    async def send(self, batch: Sequence[Outgoing | Verbatim]) -> dict[tuple[str, int], Acknowledged]:
        """Send `batch` in order and wait until all of it is acknowledged; answers the offsets by topic and partition.

        Raises KafkaError or TimeoutError when not all of it was; then some of it may have arrived.
        """
        producer = await self._connected()
        async with asyncio.timeout(SEND_SECONDS):
            await _look_up(producer, {event.topic for event in batch})
            pending = [
                await producer.send(event.topic, event.value, key=event.key, headers=event.headers()) for event in batch
            ]
            records = await asyncio.gather(*pending)
        acknowledged: dict[tuple[str, int], Acknowledged] = {}
        for record in records:
            place = (record.topic, record.partition)
            first = acknowledged[place].first if place in acknowledged else record.offset
            acknowledged[place] = Acknowledged(first=min(first, record.offset), last=record.offset)
        return acknowledged

    async def ends(self, places: Collection[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """Where the log of each partition ends (the offset that the next record gets, or a little less).

        A partition that is not there has no end: to ask for it would never be answered.
        """
        producer, reader = await self._connected(), await self._connected_reader()
        async with asyncio.timeout(METADATA_SECONDS):
            found = await _look_up(producer, {topic for topic, _ in places})
            there = [TopicPartition(topic, number) for topic, number in places if number in found[topic]]
            offsets = await reader.end_offsets(there)
        return {(place.topic, place.partition): offset for place, offset in offsets.items()}

    async def ping(self) -> None:
        """Ask the brokers who they are. Raises KafkaError where none answers."""
        producer = await self._connected()
        if not await producer.client.force_metadata_update():
            raise KafkaConnectionError("no broker answers")

    async def close(self) -> None:
        for client in (self._producer, self._reader):
            if client:
                with suppress(KafkaError):
                    await client.stop()

    async def _connected(self) -> AIOKafkaProducer:
        async with self._connecting:
            if self._producer is None:
                self._producer = await _started(
                    AIOKafkaProducer(
                        bootstrap_servers=self._settings.kafka_bootstrap_servers,
                        acks="all",
                        enable_idempotence=self._settings.kafka_idempotence,
                        linger_ms=1,
                        max_batch_size=256 * 1024,
                        max_request_size=MAX_REQUEST_BYTES,
                        request_timeout_ms=5000,
                        retry_backoff_ms=100,
                    )
                )
            return self._producer

    async def _connected_reader(self) -> AIOKafkaConsumer:
        async with self._connecting:
            if self._reader is None:
                self._reader = await _started(
                    AIOKafkaConsumer(bootstrap_servers=self._settings.kafka_bootstrap_servers, enable_auto_commit=False)
                )
            return self._reader


async def _look_up(producer: AIOKafkaProducer, topics: Collection[str]) -> dict[str, Collection[int]]:
    """Ask the broker which partitions these topics have now.

    One that came back without its log makes the topics anew when it is asked for them, maybe with fewer partitions; to
    send without asking would write to some that it does not know.
    """
    for topic in topics:
        await producer.client.add_topic(topic)
    await producer.client.force_metadata_update()
    return {topic: producer.client.cluster.partitions_for_topic(topic) or () for topic in topics}


def group_consumer(
    settings: Settings, group: str, topics: Iterable[str], listener: ConsumerRebalanceListener | None = None
) -> AIOKafkaConsumer:
    """A consumer that shares `topics` with the others of `group`; offsets are committed by hand."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap_servers,
        group_id=group,
        client_id=settings.instance,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        fetch_max_wait_ms=settings.kafka_fetch_wait_ms,
        session_timeout_ms=int(settings.kafka_session_seconds * 1000),
        heartbeat_interval_ms=int(min(1.0, settings.kafka_session_seconds / 4) * 1000),
        rebalance_timeout_ms=3000,
        request_timeout_ms=11_000,
        retry_backoff_ms=200,
    )
    consumer.subscribe(list(topics), listener=listener)
    return consumer


async def leave(consumer: AIOKafkaConsumer, settings: Settings) -> None:
    """Stop `consumer`, and leave its group; one that is about to join waits for the group before it lets go."""
    if not settings.kafka_leave_groups and consumer._coordinator:  # aiokafka has no setting for it
        consumer._coordinator._maybe_leave_group = _say_nothing
    # A task of its own: what aiokafka has under way may end `stop` with a cancellation that nobody has asked for.
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.wait({stopping}, timeout=LEAVE_SECONDS)
    if not stopping.cancel() and not stopping.cancelled() and (error := stopping.exception()):
        log.warning("a consumer did not leave its group: %s", error)


async def _say_nothing() -> None:
    """In the place of a request to leave."""


async def ensure_topics(settings: Settings, topics: Iterable[str]) -> None:
    """Create the topics that are missing, and their dead-letter topics. Raises KafkaError when Kafka is away."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap_servers, request_timeout_ms=5000)
    try:
        await admin.start()
        wanted = {name for topic in topics for name in (topic, topic + DEAD_LETTER)} - set(await admin.list_topics())
        await admin.create_topics(
            [
                NewTopic(name, settings.kafka_partitions, settings.kafka_replication, topic_configs=UNCOMPRESSED)
                for name in sorted(wanted)
            ]
        )
    finally:
        await admin.close()


Client = TypeVar("Client", AIOKafkaProducer, AIOKafkaConsumer)


async def _started(client: Client) -> Client:
    try:
        await client.start()
    except BaseException:
        await client.stop()
        raise
    return client


def header(headers: Sequence[tuple[str, bytes | None]], name: str) -> bytes | None:
    """The first header with this name; None where there is none, or it is null."""
    return next((value for key, value in headers if key == name), None)

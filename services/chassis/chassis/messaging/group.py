"""A process as one member of a service's consumer group: what it takes, what it commits, how it goes back."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError

from chassis.messaging.kafka import group_consumer, leave
from chassis.messaging.unpacking import Unfetchable, speaks_of_bytes, unpack
from chassis.observability.metrics import LAG
from chassis.settings import Settings
from chassis.work.worker import failure_of

log = logging.getLogger(__name__)

REWIND_SECONDS = 10.0
CAREFUL_SECONDS = 0.1
CAREFUL_ROUNDS = 500


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one poll brought."""

    records: Sequence[ConsumerRecord] = ()
    unfetchable: Sequence[Unfetchable] = ()

    def __len__(self) -> int:
        return len(self.records) + len(self.unfetchable)


class Member(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka has no types
    """Joins when it first fetches, and again after `leave`. `moved` is called when its partitions or places change."""

    def __init__(self, group: str, topics: Sequence[str], settings: Settings, moved: Callable[[], None]) -> None:
        self._group = group
        self._topics = topics
        self._settings = settings
        self._moved = moved
        self._consumer: AIOKafkaConsumer | None = None
        self._careful = 0
        self._moves = 0
        self._measured: set[TopicPartition] = set()

    async def fetch(self, most: int, *, wait_seconds: float) -> Fetched:
        """Up to `most` records, as soon as there are some, else nothing after `wait_seconds`.

        After any exception the places in the partitions are unknown: `rewind`, or `leave`.
        """
        consumer = await self._joined()
        if self._careful:
            self._careful -= 1
            return await self._fetch_carefully(consumer)
        fetched = await consumer.getmany(timeout_ms=int(wait_seconds * 1000), max_records=most)
        self._measure_lag(consumer, {place: records[0].offset for place, records in fetched.items() if records})
        return Fetched([record for records in fetched.values() for record in records])

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
        """Commit `offsets`; False when the group has been rebalanced meanwhile."""
        if self._consumer is None:
            return False
        try:
            await self._consumer.commit(dict(offsets))
        except (CommitFailedError, IllegalStateError):
            log.info("%s: the group was rebalanced, the batch may come again", self._group)
            return False
        self._measure_lag(self._consumer, offsets)
        return True

    async def rewind(self) -> None:
        """Go back to what is committed, and be careful with what comes from there."""
        self._move()
        self._careful = CAREFUL_ROUNDS
        if self._consumer and await failure_of(self._seek_to_committed()):
            await self.leave()

    async def leave(self) -> None:
        """Leave the group: its other members take over, and whoever joins begins with what is committed."""
        self._move()
        if self._consumer:
            consumer, self._consumer = self._consumer, None
            await leave(consumer, self._settings)

    async def on_partitions_revoked(self, revoked: object) -> None:
        self._move()

    async def on_partitions_assigned(self, assigned: object) -> None:
        """What is taken from now on begins at what is committed."""

    def _move(self) -> None:
        self._moves += 1
        self._moved()

    async def _joined(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            consumer = group_consumer(self._settings, self._group, self._topics, self)
            try:
                await consumer.start()
            except BaseException:
                await leave(consumer, self._settings)
                raise
            self._consumer = consumer
        return self._consumer

    async def _seek_to_committed(self) -> None:
        """Not aiokafka's own, which stays where it is in a partition where nothing has been committed."""
        consumer = await self._joined()
        async with asyncio.timeout(REWIND_SECONDS):
            for place in consumer.assignment():
                offset = await consumer.committed(place)
                if offset is None:
                    await consumer.seek_to_beginning(place)
                else:
                    consumer.seek(place, offset)

    async def _fetch_carefully(self, consumer: AIOKafkaConsumer) -> Fetched:
        """One record of each partition, so that the one that cannot be unpacked takes no other with it.

        There may be more of them close by: it stays careful, for each way back would begin the retries of others again.
        """
        moves = self._moves
        found: list[ConsumerRecord | Unfetchable] = []
        for place in consumer.assignment():
            found += await self._next_of(consumer, place)
        if moves != self._moves:  # a rebalance: their next member begins with what is committed
            return Fetched()
        if not found:
            await asyncio.sleep(CAREFUL_SECONDS)
        lost = [each for each in found if isinstance(each, Unfetchable)]
        return Fetched([each for each in found if not isinstance(each, Unfetchable)], lost)

    async def _next_of(
        self, consumer: AIOKafkaConsumer, place: TopicPartition
    ) -> Sequence[ConsumerRecord | Unfetchable]:
        try:
            fetched = await consumer.getmany(place, timeout_ms=0, max_records=1)
        except Exception as error:
            if not speaks_of_bytes(error):
                raise
            self._careful = CAREFUL_ROUNDS
            moves = self._moves
            found, after = await unpack(consumer, place, await consumer.position(place))
            if moves == self._moves:
                consumer.seek(place, after)
            return found
        return list(fetched.get(place, []))

    def _measure_lag(self, consumer: AIOKafkaConsumer, offsets: Mapping[TopicPartition, int]) -> None:
        """What waits in the partitions that are this member's, from `offsets` on."""
        assigned = consumer.assignment()  # a rebalance may have taken partitions away meanwhile
        for place in self._measured - assigned:
            LAG.remove(self._group, f"{place.topic}/{place.partition}")
        self._measured &= assigned
        for place, offset in offsets.items():
            end = consumer.highwater(place) if place in assigned else None
            if end is not None:
                LAG.labels(self._group, f"{place.topic}/{place.partition}").set(end - offset)
                self._measured.add(place)

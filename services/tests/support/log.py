"""Kafka in memory: partitions, one group, and what goes wrong between them, for tests of thousands of cases."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, KafkaConnectionError

from chassis.messaging.group import Fetched, Member
from chassis.messaging.kafka import Verbatim
from chassis.messaging.unpacking import Unfetchable
from chassis.settings import Settings
from support.records import received

TOPIC = "alpha"


@dataclass
class Log:
    """One topic and one group. `watch` sees each commit; `faults` are what the next calls of the member meet."""

    partitions: list[list[Verbatim]]
    watch: Callable[[Mapping[TopicPartition, int]], Awaitable[None]]
    committed: dict[TopicPartition, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    unfetchable: set[tuple[int, int]] = field(default_factory=set)

    def places(self) -> list[TopicPartition]:
        return [TopicPartition(TOPIC, number) for number in range(len(self.partitions))]

    def done(self) -> bool:
        """Whether all is committed."""
        return all(self.committed.get(place, 0) == len(self.partitions[place.partition]) for place in self.places())

    def member(self) -> type[Member]:
        """What a consumer is given in the place of `group.Member`."""
        log = self

        class InMemory(Member):
            def __init__(self, _: str, __: Sequence[str], ___: Settings, moved: Callable[[], None]) -> None:
                self._moved = moved
                self._careful = 0
                self._positions = dict(log.committed)

            async def fetch(self, most: int, *, wait_seconds: float) -> Fetched:
                self._careful = max(0, self._careful - 1)
                return self._fetched(min(most, 4))

            def _fetched(self, most: int) -> Fetched:
                match log.faults.pop() if log.faults else "":
                    case "rebalance":
                        self._rebalance()
                    case "fetch fails":
                        for place in log.places():  # aiokafka has moved some places by then, and shows no record
                            self._positions[place] = len(log.partitions[place.partition])
                        raise KafkaConnectionError
                    case "strange failure":
                        self._positions = {place: len(log.partitions[place.partition]) for place in log.places()}
                        raise AssertionError
                records: list[ConsumerRecord[bytes, bytes]] = []
                lost: list[Unfetchable] = []
                for place in log.places():
                    for _ in range(most):
                        offset = self._positions.get(place, 0)
                        if offset >= len(log.partitions[place.partition]):
                            break
                        self._positions[place] = offset + 1
                        if (place.partition, offset) in log.unfetchable:
                            error = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
                            if not self._careful:
                                raise error
                            self._careful = 20
                            lost.append(Unfetchable(place, offset, error))
                            continue
                        sent = log.partitions[place.partition][offset]
                        records.append(received(sent, partition=place.partition, offset=offset))
                return Fetched(records, lost)

            async def commit(self, offsets: Mapping[TopicPartition, int]) -> bool:
                match log.faults.pop() if log.faults else "":
                    case "commit fails":
                        raise CommitFailedError
                    case "rebalance":
                        self._rebalance()
                        return False
                await log.watch(offsets)
                log.committed |= offsets
                return True

            async def rewind(self) -> None:
                self._careful = 20
                self._rebalance()

            async def leave(self) -> None:
                self._rebalance()

            def _rebalance(self) -> None:
                self._moved()
                self._positions = dict(log.committed)

        return InMemory

"""What a consumer has in hand while its partitions are its own: what is not done holds back the committed offset."""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from aiokafka import TopicPartition

from chassis.errors import is_outage
from chassis.messaging.records import Delivery

MOST_WAITING = 2000


@dataclass(slots=True)
class Line:
    """Events of one key. The first is to be tried by itself, the others wait for it: they stay in order."""

    deliveries: list[Delivery]
    failures: int = 0
    outages: int = 0
    due: float = 0.0
    since: float = field(default_factory=time.monotonic)

    def failed(self, error: BaseException, pauses: Sequence[float]) -> bool:
        """Note that the first one failed; whether it is to be tried again, after one of `pauses` (s).

        A server that is away is waited for without an end: what was acknowledged depends on no length of an outage.
        """
        now = time.monotonic()
        if is_outage(error):
            self.outages += 1
            self.due = now + pauses[min(self.outages, len(pauses)) - 1]
            return True
        if again := self.failures < len(pauses):
            self.due = now + pauses[self.failures]
        self.failures += 1
        return again


class Tenure:
    """Begins when the group gives this member partitions, or when it goes back to what is committed; ends likewise.

    Whoever works on records of a tenure that is over changes nothing: nothing of it is committed any more.
    """

    def __init__(self) -> None:
        self.lines: dict[str, Line] = {}
        self._next: dict[TopicPartition, int] = {}
        self._open: dict[TopicPartition, set[int]] = defaultdict(set)
        self._committed: dict[TopicPartition, int] = {}

    def take(self, places: Iterable[tuple[TopicPartition, int]]) -> None:
        """The records at these offsets have come; each is open until it is `finish`ed."""
        for place, offset in sorted(places, key=lambda each: each[1]):
            self._next[place] = offset + 1  # not the highest so far: a log that was lost begins again
            self._open[place].add(offset)

    def finish(self, place: TopicPartition, offset: int) -> None:
        """The record at `offset` has had its effect, is a dead letter, or is not wanted."""
        self._open[place].discard(offset)

    def offsets(self) -> dict[TopicPartition, int]:
        """What may be committed and is not yet: below it there is nothing open."""
        reached = {place: min(self._open[place], default=end) for place, end in self._next.items()}
        return {place: offset for place, offset in reached.items() if self._committed.get(place) != offset}

    def committed(self, offsets: dict[TopicPartition, int]) -> None:
        self._committed |= offsets

    def wait_behind(self, delivery: Delivery) -> bool:
        """Put `delivery` into the line of its key; False where there is none."""
        if line := self.lines.get(delivery.event.key):
            line.deliveries.append(delivery)
        return line is not None

    def due(self) -> list[tuple[str, Line]]:
        """The lines whose first event is to be tried now, the one that is due for longest first."""
        now = time.monotonic()
        return sorted(((k, line) for k, line in self.lines.items() if line.due <= now), key=lambda each: each[1].due)

    def pause(self, longest: float) -> float:
        """Seconds until a line is due, at most `longest`."""
        soonest = min((line.due for line in self.lines.values()), default=float("inf"))
        return max(0.0, min(longest, soonest - time.monotonic()))

    @property
    def waiting_seconds(self) -> float:
        """How long the event that waits for longest has been tried; 0 where none does."""
        return max((time.monotonic() - line.since for line in self.lines.values()), default=0.0)

    @property
    def full(self) -> bool:
        """Whether so much waits that no more may be taken."""
        return sum(len(line.deliveries) for line in self.lines.values()) >= MOST_WAITING

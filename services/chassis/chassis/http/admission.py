"""Bounds of one process: how many requests it works on, how many wait, for how long, and what a party has of both."""

import asyncio
from collections import deque
from dataclasses import dataclass
from enum import IntEnum

from chassis.calls.deadlines import remaining
from chassis.errors import Unavailable

Parties = tuple[str, ...]
"""Names of those whom a request is counted for."""


class Busy(Unavailable):
    """The process is full and so is its queue."""

    slug = "busy"
    title = "Too many requests at this moment"


class Urgency(IntEnum):
    """What comes first where not all can be let in: to finish what has begun, rather than to begin something."""

    READ = 0
    """A page is read, and can be read again."""
    CHANGE = 1
    """Something is changed: the reading before it is done, and lost if this is refused."""
    CALL = 2
    """Another process needs it to answer a request that it has let in."""


@dataclass(slots=True, eq=False)
class _Waiting:
    parties: Parties
    place: asyncio.Future[None]


class _Room:
    """A number of places, and how many of them each party has."""

    def __init__(self, size: int, *, reserve: int) -> None:
        """A party takes a place as long as `reserve` times what it has is free: alone it gets 1 / (1 + `reserve`)."""
        self.free = size
        self._reserve = reserve
        self._taken: dict[str, int] = {}

    def crowded(self, parties: Parties) -> set[str]:
        """Those of `parties` that have their share."""
        return {each for each in parties if self._taken.get(each, 0) * self._reserve > self.free}

    def has_place(self, parties: Parties) -> bool:
        return self.free > 0 and not self.crowded(parties)

    def take(self, parties: Parties) -> None:
        self.free -= 1
        for each in parties:
            self._taken[each] = self._taken.get(each, 0) + 1

    def give_back(self, parties: Parties) -> None:
        self.free += 1
        for each in parties:
            self._taken[each] -= 1
            if not self._taken[each]:
                del self._taken[each]


class Admission:
    """Lets in a bounded number of requests; a bounded number waits for a bounded time; the rest is answered at once.

    Work that is accepted gets done: under overload a queue without an end would make every request late, and useless.
    Of those that wait the most urgent comes first, and among equals **the newest** (adaptive LIFO): a client that has
    waited for long soon gives up, and first come, first served would make all of them wait as long as may be. Where the
    queue is full, the oldest of the least urgent gets its 503 at once and makes room.

    Parties, such as a client or a service, share both by dynamic thresholds (Choudhury and Hahne, 1998): what a party
    may have depends on what is free. One alone gets half of the places, and a new one finds some.
    """

    def __init__(self, *, max_in_flight: int, max_queued: int, max_seconds: float) -> None:
        self._places = _Room(max_in_flight, reserve=1)
        self._room = _Room(max_queued, reserve=2)
        self._max_seconds = max_seconds
        self._queues: dict[Urgency, deque[_Waiting]] = {each: deque() for each in sorted(Urgency)}

    @property
    def queued(self) -> int:
        """How many wait for a place."""
        return sum(map(len, self._queues.values()))

    async def enter(self, urgency: Urgency = Urgency.CHANGE, parties: Parties = ()) -> None:
        """Take a place; raises Busy when there is none in time, which is never later than the caller waits."""
        patience = remaining(self._max_seconds)
        if self._places.has_place(parties):
            self._places.take(parties)
            return
        if not self._room.has_place(parties):
            self._make_room(urgency, self._room.crowded(parties))
        waiting = _Waiting(parties, asyncio.get_running_loop().create_future())
        self._room.take(parties)
        self._queues[urgency].append(waiting)
        try:
            async with asyncio.timeout(patience):  # wait_for, before Python 3.12, may lose a cancellation
                await waiting.place
        except BaseException as error:
            if waiting in self._queues[urgency]:
                self._remove(urgency, waiting)
            elif not waiting.place.cancelled() and waiting.place.exception() is None:
                self.leave(parties)  # the place was handed over at the very moment of giving up
            if isinstance(error, TimeoutError):
                raise Busy from None
            raise

    def leave(self, parties: Parties = ()) -> None:
        """Give back a place that was taken for `parties`: the latest of the most urgent gets it."""
        self._places.give_back(parties)
        while self._places.free and (found := self._next()):
            self._remove(*found)
            self._places.take(found[1].parties)
            found[1].place.set_result(None)

    def _next(self) -> tuple[Urgency, _Waiting] | None:
        for urgency, queue in reversed(self._queues.items()):
            for each in reversed(queue):
                if not each.place.done() and self._places.has_place(each.parties):
                    return urgency, each
        return None

    def _make_room(self, urgency: Urgency, crowd: set[str]) -> None:
        """Turn away a request that is not more urgent, of `crowd` if there is one. Raises Busy when there is none."""
        for each, queue in self._queues.items():
            if each > urgency:
                break
            for waiting in queue:
                if not waiting.place.done() and (not crowd or not crowd.isdisjoint(waiting.parties)):
                    self._remove(each, waiting)
                    waiting.place.set_exception(Busy())
                    return
        raise Busy

    def _remove(self, urgency: Urgency, waiting: _Waiting) -> None:
        self._queues[urgency].remove(waiting)
        self._room.give_back(waiting.parties)

"""Bounds of one process: how many requests it works on, how many wait, and how long."""

import asyncio
from collections import deque
from contextlib import suppress
from enum import IntEnum

from chassis.deadlines import remaining
from chassis.errors import Unavailable


class Busy(Unavailable):
    """The process is full and so is its queue."""

    slug = "busy"
    title = "Too many requests at this moment"


class Urgency(IntEnum):
    """What comes first where not all can be let in: to finish what has begun, rather than to begin something."""

    READ = 0
    """Somebody looks at something, and can do so again."""
    CHANGE = 1
    """Somebody does something: the reading before it is done, and lost if this is refused."""
    CALL = 2
    """Another process needs it to answer a request that it has let in."""


class Admission:
    """Lets in a bounded number of requests; a bounded number waits for a bounded time; the rest is answered at once.

    Work that is accepted gets done: under overload a queue without an end would make every request late, and useless.
    Of those that wait the most urgent comes first, and among equals **the latest**: who has waited for long will not
    wait for much longer, and to serve them in turn would make everybody wait as long as may be. Where the queue is full
    the one that has waited longest, among the least urgent, is told so at once and makes room.
    """

    def __init__(self, *, max_in_flight: int, max_queued: int, max_seconds: float) -> None:
        self._free = max_in_flight
        self._max_queued = max_queued
        self._max_seconds = max_seconds
        self._queues: dict[Urgency, deque[asyncio.Future[None]]] = {each: deque() for each in sorted(Urgency)}

    @property
    def queued(self) -> int:
        """How many wait for a place."""
        return sum(map(len, self._queues.values()))

    async def enter(self, urgency: Urgency = Urgency.CHANGE) -> None:
        """Take a place; raises Busy when there is none in time, which is never later than the caller waits."""
        patience = remaining(self._max_seconds)
        if self._free > 0:
            self._free -= 1
            return
        if self.queued >= self._max_queued:
            self._make_room(urgency)
        queue = self._queues[urgency]
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(place)
        try:
            await asyncio.wait_for(place, patience)
        except BaseException as error:
            if place.done() and not place.cancelled() and place.exception() is None:
                self.leave()  # the place was handed over at the very moment of giving up
            else:
                with suppress(ValueError):
                    queue.remove(place)
            if isinstance(error, TimeoutError):
                raise Busy from None
            raise

    def leave(self) -> None:
        """Give the place back, to the latest of the most urgent."""
        for queue in reversed(self._queues.values()):
            while queue:
                place = queue.pop()
                if not place.done():
                    place.set_result(None)
                    return
        self._free += 1

    def _make_room(self, urgency: Urgency) -> None:
        """Turn somebody away who is not more urgent. Raises Busy when there is nobody."""
        for each, queue in self._queues.items():
            if each > urgency:
                break
            while queue:
                place = queue.popleft()
                if not place.done():
                    place.set_exception(Busy())
                    return
        raise Busy

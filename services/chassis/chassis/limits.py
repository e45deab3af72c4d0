"""Bounds of one process: how many requests it works on, how many wait, how long, and how large a body may be."""

import asyncio
from collections import deque
from contextlib import suppress
from typing import Any

from starlette.exceptions import HTTPException

from chassis.deadlines import remaining
from chassis.errors import Problem, Unavailable


class Busy(Unavailable):
    """The process is full and so is its queue."""

    slug = "busy"
    title = "Too many requests at this moment"


class TooLarge(Problem):
    status = 413
    slug = "content-too-large"


class Admission:
    """Lets in a bounded number of requests; a bounded number waits for a bounded time; the rest is answered at once.

    Work that is accepted gets done: under overload a queue without an end would make every request late, and useless.
    """

    def __init__(self, *, max_in_flight: int, max_queued: int, max_seconds: float) -> None:
        self._free = max_in_flight
        self._max_queued = max_queued
        self._max_seconds = max_seconds
        self._queue: deque[asyncio.Future[None]] = deque()

    @property
    def queued(self) -> int:
        """How many wait for a place."""
        return len(self._queue)

    async def enter(self) -> None:
        """Take a place; raises Busy when there is none in time, which is never later than the caller waits."""
        patience = remaining(self._max_seconds)
        if self._free > 0:
            self._free -= 1
            return
        if len(self._queue) >= self._max_queued:
            raise Busy
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(place)
        try:
            await asyncio.wait_for(place, patience)
        except BaseException as error:
            if place.done() and not place.cancelled():
                self.leave()  # the place was handed over at the very moment of giving up
            else:
                with suppress(ValueError):
                    self._queue.remove(place)
            if isinstance(error, TimeoutError):
                raise Busy from None
            raise

    def leave(self) -> None:
        """Give the place back, to the one that has waited longest."""
        while self._queue:
            place = self._queue.popleft()
            if not place.done():
                place.set_result(None)
                return
        self._free += 1


def limit_body(receive: Any, max_bytes: int) -> Any:
    """Wrap an ASGI `receive` so that a body without a declared length cannot be larger than `max_bytes`."""
    received = 0

    async def limited() -> Any:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > max_bytes:
            raise HTTPException(TooLarge.status)
        return message

    return limited

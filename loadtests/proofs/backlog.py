"""What waits: orders that are not over, looked at in the books once a second."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg

from chassis.testing import eventually
from loadtests.proofs.looking import looking
from support.books import Books
from support.customer import OVER

EVERY_SECONDS = 1.0
WAITING = "SELECT count(*) FROM orders WHERE status <> ALL($1)"
AWAY = (OSError, TimeoutError, asyncpg.PostgresError)


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many orders waited at each moment (unix seconds)."""

    samples: list[tuple[float, int]] = field(default_factory=list)

    @property
    def most(self) -> int:
        return max((number for _, number in self.samples), default=0)

    def at(self, moment: float) -> int:
        """As it was last seen by then."""
        return next((number for at, number in reversed(self.samples) if at <= moment), 0)


async def waiting(books: Books) -> int:
    [row] = await books.query("orders", WAITING, list(OVER))
    return int(row[0])


async def until_none_waits(books: Books, *, seconds: float) -> float | None:
    """The moment at which the last order is over; None when some still wait after `seconds`."""
    try:
        await eventually(lambda: waiting(books), lambda number: number == 0, seconds=seconds)
    except TimeoutError:
        return None
    return time.time()


@asynccontextmanager
async def watched(books: Books) -> AsyncIterator[Backlog]:
    """Look again and again for as long as the block lasts."""
    backlog = Backlog()

    async def look() -> None:
        number = await waiting(books)
        backlog.samples.append((time.time(), number))

    async with looking(look, every=EVERY_SECONDS, despite=AWAY):
        yield backlog

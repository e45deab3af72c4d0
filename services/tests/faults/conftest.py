"""A stack to break, people who go on buying meanwhile, and the promises that must hold."""

from collections.abc import AsyncIterator

import pytest

from support.books import Books
from support.crowd import Crowd
from support.customer import NewCustomer
from support.organiser import Organiser
from support.promises import Promises
from support.shapes import Performance
from support.stack import Stack
from support.tier import Tier

PEOPLE = 4
ROWS, SEATS = "ABCDEFGHIJKLMNOPQRST", 20
LABELS = [f"{row}{number}" for row in ROWS for number in range(1, SEATS + 1)]


@pytest.fixture(autouse=True)
async def mended(stack: Stack, tier: Tier) -> AsyncIterator[None]:
    """Each test begins and ends with every process ready."""
    await stack.until_ready()
    yield
    await stack.until_ready()


@pytest.fixture
async def arena(organiser: Organiser) -> Performance:
    """A performance with 400 seats at one price."""
    rows = [{"name": row, "seats": SEATS} for row in ROWS]
    return await organiser.put_on_sale(zones=[{"name": "Floor", "rows": rows}])


@pytest.fixture
async def crowd(new_customer: NewCustomer, arena: Performance) -> AsyncIterator[Crowd]:
    """People who buy seats of the arena."""
    async with Crowd([await new_customer() for _ in range(PEOPLE)], arena.id, LABELS) as crowd:
        await crowd.until_accepted(2)
        yield crowd


@pytest.fixture
def promises(books: Books, arena: Performance) -> Promises:
    return Promises(books, arena.id)

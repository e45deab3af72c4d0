"""People at the box office, for the tests that use a running tier."""

import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from support.books import Books
from support.crowd import Crowd
from support.customer import Customer, NewCustomer
from support.organiser import Organiser
from support.promises import Promises
from support.shapes import Performance
from support.stack import Stack
from support.tier import Tier, given_tier

FOLDERS = ("browser", "containers", "faults", "hostile", "journeys", "load", "lighthouse", "watched")
USE_THE_TIER = tuple(f"services/tests/{folder}/" for folder in FOLDERS)
OWN_A_TIER = ("deploy/tests/integration/test_local_engine.py",)
"""Files that bring up a tier of their own, once for all of their tests."""
PEOPLE = 4
ROWS, SEATS = "ABCDEFGHIJKLMNOPQRST", 20
LABELS = [f"{row}{number}" for row in ROWS for number in range(1, SEATS + 1)]
TIER_SECONDS = 420
"""The longest that one test may take, and the first of them has a tier brought up."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What breaks things comes last."""
    for item in items:
        if "tier" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(TIER_SECONDS))
    items.sort(key=lambda item: item.get_closest_marker("faults") is not None)


class OneTier(LoadScopeScheduling):  # type: ignore[misc]  # has no types
    """What uses a running tier runs in one process, one after the other, while all else is spread.

    The `--dist loadgroup` of pytest-xdist 3.8 would be it, but does nothing with pytest 9.2.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(USE_THE_TIER):
            return "tier"
        file = nodeid.partition("::")[0]
        return file if file in OWN_A_TIER else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneTier:
    return OneTier(config, log)


@pytest.fixture(scope="session")
def stack(run_folder: Path) -> Iterator[Stack]:
    """The stack that is brought up for the tests, for those that look after its processes."""
    if given_tier() is not None:
        pytest.skip("the tier is somebody else's: its processes are left alone")
    stack = Stack(run_folder / f"stack-{os.environ.get('PYTEST_XDIST_WORKER', 'main')}")
    try:
        yield stack
    finally:
        stack.down()


@pytest.fixture(scope="session")
def tier(request: pytest.FixtureRequest) -> Tier:
    """The tier of this run: the one that BOXOFFICE_URL names, else one that is brought up for the tests."""
    if given := given_tier():
        return given
    stack: Stack = request.getfixturevalue("stack")
    return stack.up()


@pytest.fixture
async def visitors(tier: Tier) -> AsyncIterator[Callable[[], Customer]]:
    """`visitors()`: somebody new, who has no account yet."""
    async with AsyncExitStack() as stack:
        people: list[Customer] = []

        def visitor() -> Customer:
            people.append(Customer(tier.url, tier.trust, desk=(tier.organiser, tier.organiser_password)))
            stack.push_async_callback(people[-1].http.aclose)
            return people[-1]

        yield visitor


@pytest.fixture
def new_customer(visitors: Callable[[], Customer]) -> NewCustomer:
    """`await new_customer()`: somebody new, with an account and signed in."""

    async def sign_up_and_in() -> Customer:
        customer = visitors()
        await customer.sign_up()
        await customer.sign_in()
        return customer

    return sign_up_and_in


@pytest.fixture
def visitor(visitors: Callable[[], Customer]) -> Customer:
    return visitors()


@pytest.fixture
async def customer(new_customer: NewCustomer) -> Customer:
    return await new_customer()


@pytest.fixture(scope="session")
def remembered() -> dict[str, Any]:
    """What tests need not do again because one has done it."""
    return {}


@pytest.fixture
async def organiser(tier: Tier, remembered: dict[str, Any]) -> AsyncIterator[Organiser]:
    """Who may put on shows, signed in; the same session in all tests."""
    async with Organiser(tier.url, tier.trust) as organiser:
        if "organiser" not in remembered:
            await organiser.sign_in(tier.organiser, tier.organiser_password)
            remembered["organiser"] = organiser.http.cookies
        organiser.http.cookies = remembered["organiser"]
        yield organiser


@pytest.fixture
async def performance(organiser: Organiser) -> Performance:
    """A performance of this test's own: zone Floor with A1 to A10 at 25.00 EUR, Balcony with B1 to B10 at 15.00."""
    return await organiser.put_on_sale()


@pytest.fixture
def books(tier: Tier) -> Books:
    """The databases behind the tier; the test is skipped where they are out of reach."""
    if tier.postgres is None:
        pytest.skip("the databases of this tier are out of reach")
    return Books(tier.postgres)


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

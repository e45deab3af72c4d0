"""Tiers of the tests' own: what all tests share must not be wrecked."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from support.customer import Customer
from support.stack import Stack
from support.tier import Tier


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Stack]:
    """A stack that only this test has."""
    stack = Stack(tmp_path / "state")
    try:
        yield stack
    finally:
        stack.down()


@pytest.fixture
async def people() -> AsyncIterator[Callable[..., Customer]]:
    """`people(tier)`: somebody at this tier; other arguments are those of a `Customer`."""
    async with AsyncExitStack() as stack:

        def somebody(tier: Tier, **arguments: Any) -> Customer:
            customer = Customer(tier.url, tier.trust, **arguments)
            stack.push_async_callback(customer.http.aclose)
            return customer

        yield somebody

"""A stack to break."""

from collections.abc import AsyncIterator

import pytest

from support.stack import Stack
from support.tier import Tier


@pytest.fixture(autouse=True)
async def mended(stack: Stack, tier: Tier) -> AsyncIterator[None]:
    """Each test begins and ends with every process ready."""
    await stack.until_ready()
    yield
    await stack.until_ready()

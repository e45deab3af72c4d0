"""A box office in this process in which a test decides who hears what when."""

from collections.abc import Awaitable, Callable

import pytest

from chassis.testing import App
from support.box_office import BoxOffice

SECRETS = {
    "services/payments": {"provider_api_key": "key-of-the-provider"},
    "services/notifications": {"ticket_key": "0b" * 32},
}


@pytest.fixture
async def box_office(run: Callable[..., Awaitable[App]]) -> BoxOffice:
    """All services but accounts, which hears nothing and says only who was erased."""
    app = await run("catalog", "seats", "orders", "payments", "notifications", secrets=SECRETS)
    return await BoxOffice.open(app)

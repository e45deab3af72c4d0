"""Messaging on a real broker: the one that `TEST_BROKER` asks for, all tests of this folder must pass on each."""

from collections.abc import Awaitable, Callable

import pytest

from chassis.messaging import inbox
from chassis.service.service import Service
from chassis.testing.app import App
from chassis.testing.databases import Databases
from support.brokers import Broker
from support.talk import ALPHA, Ears, Talk, metadata, talking

Start = Callable[..., Awaitable[App]]


@pytest.fixture(autouse=True)
def _no_long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "RETRY_SECONDS", (0.01, 0.02, 0.03))


@pytest.fixture
async def start(databases: Databases, kafka: Broker, run: Start) -> Start:
    """`await start(service, ...)`: another process with these services, on this test's databases and broker."""

    async def start(*services: Service) -> App:
        for service in services:
            await databases.create(service.name, metadata)
        return await run(*services)

    return start


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
async def talk(start: Start, ears: Ears, kafka: Broker) -> Talk:
    """alpha and beta in one process."""
    return Talk(await start(ALPHA, talking(ears)), ears, kafka)

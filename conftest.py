"""Fixtures for every test: the real servers, fresh data for each test, services that run in process.

One set of servers serves a whole run, also with `pytest -n auto`: the first test that needs it starts it, the main
process stops it. `TEST_BROKER=apache` makes Apache Kafka the broker instead of the embedded one.
"""

import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from redis.asyncio import Redis

from chassis.database import Database
from chassis.service import Service, load_services
from chassis.settings import Settings
from chassis.testing import App, Databases, Servers, StaticSecrets, running
from support.brokers import Broker, new_broker
from support.servers import TestRun
from support.vault import TestVault

RUN = pytest.StashKey[TestRun]()
REDIS_DATABASES = 16
NOWHERE = "127.0.0.1:1"
SESSION_SECONDS = 2.0
"""The embedded broker lets the first member of a group wait for half of this."""

hypothesis.settings.register_profile("bounded", max_examples=30, derandomize=True, deadline=None, database=None)
hypothesis.settings.register_profile("thorough", max_examples=2000, deadline=None, database=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "bounded"))


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.stash[RUN] = TestRun.begin()
        signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated"))


def pytest_unconfigure(config: pytest.Config) -> None:
    if run := config.stash.get(RUN, None):
        run.end()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`-m kafka` are the tests that need a broker."""
    for item in items:
        if "kafka" in getattr(item, "fixturenames", ()):
            item.add_marker("kafka")


@pytest.fixture(scope="session")
def run_folder() -> Path:
    """A folder for this run alone; it goes when the run ends."""
    return TestRun.current().folder


@pytest.fixture(scope="session")
def servers() -> Servers:
    """Addresses of Postgres, Valkey and OpenBao."""
    return TestRun.current().servers()


@pytest.fixture
def postgres(servers: Servers) -> str:
    """The superuser's URL of Postgres, without a database."""
    return servers.postgres


@pytest.fixture
def redis_url(servers: Servers) -> str:
    """A database of Redis for this test process."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return f"{servers.redis}/{worker % REDIS_DATABASES}"


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A client of an empty Redis."""
    client = Redis.from_url(redis_url)
    await client.flushdb()
    yield client
    await client.aclose()


@pytest.fixture
def vault(servers: Servers, run_folder: Path) -> TestVault:
    """OpenBao, in which a test makes logins and roles of its own."""
    return TestVault(servers.vault, servers.vault_token, run_folder)


@pytest.fixture(scope="session")
def broker(run_folder: Path) -> Iterator[Broker]:
    """The broker of this test process. Tests take `kafka`, which is empty."""
    broker = new_broker(run_folder)
    yield broker
    broker.kill()


@pytest.fixture
async def kafka(broker: Broker) -> Broker:
    """A broker with nothing in it, which this test may kill."""
    await broker.empty()
    return broker


@pytest.fixture
async def databases(servers: Servers) -> AsyncIterator[Databases]:
    """Fresh databases for this test, of whichever services it needs."""
    databases = Databases(servers)
    yield databases
    await databases.drop()


@pytest.fixture
async def service_database(databases: Databases) -> AsyncIterator[Callable[[str], Awaitable[Database]]]:
    """`await service_database("orders")`: a pool on a fresh, migrated database of that service."""
    async with AsyncExitStack() as stack:

        async def connect(service: str) -> Database:
            database = await databases.connect(service)
            stack.push_async_callback(database.close)
            return database

        yield connect


Run = Callable[..., Awaitable[App]]


@pytest.fixture
async def run(
    request: pytest.FixtureRequest, servers: Servers, databases: Databases, redis: Redis, redis_url: str
) -> AsyncIterator[Run]:
    """`app = await run("orders", "seats")`: those services in this process, on fresh databases and an empty Redis.

    Events flow only in a test that asks for the fixture `kafka` too. `secrets` are KV values by path, other keyword
    arguments are settings of the process. A `Service` object may stand for a name.
    """
    broker: Broker | None = request.getfixturevalue("kafka") if "kafka" in request.fixturenames else None
    async with AsyncExitStack() as stack:

        async def start(
            *services: str | Service, secrets: dict[str, dict[str, str]] | None = None, **extra: Any
        ) -> App:
            hosted = [each if isinstance(each, Service) else load_services([each])[0] for each in services]
            for service in hosted:
                await databases.create(service.name)
            defaults: dict[str, Any] = {
                "database_url": databases.url,
                "redis_url": redis_url,
                "kafka_bootstrap_servers": broker.address if broker else NOWHERE,
                **(broker.abilities if broker else {}),
                "kafka_session_seconds": SESSION_SECONDS,
                "instance": "test",
                "max_queue_seconds": 10.0,  # a slow machine turns nobody away
            }
            settings = Settings(**(defaults | extra))
            return await stack.enter_async_context(
                running(hosted, settings, StaticSecrets.for_servers(servers, secrets))
            )

        yield start

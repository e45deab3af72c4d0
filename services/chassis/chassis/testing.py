"""For tests: a stand-in for Vault, a fresh database per test, services run in process on the real servers.

The fixtures that use these are in the repository's `conftest.py`, which also knows how the servers are started.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import httpx
from aiokafka.structs import ConsumerRecord
from sqlalchemy import MetaData, select

from chassis.app import Process, create_process
from chassis.conformance import checking
from chassis.database import Database
from chassis.events import Event
from chassis.identity import COOKIE
from chassis.inbox import Consumer
from chassis.kafka import Outgoing
from chassis.migrations import upgrade
from chassis.openapi import document
from chassis.runtime import Runtime
from chassis.secrets import DatabaseCredentials, SecretMissing
from chassis.service import Service
from chassis.settings import Settings
from chassis.tables import event_log
from chassis.tables import metadata as chassis_tables

ORIGIN = "https://test"

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Servers:
    """Addresses of the real servers of a test run; `postgres` and `vault_token` let in as the one who may do all."""

    postgres: str
    redis: str
    vault: str
    vault_token: str = field(repr=False)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Servers":
        return cls(**json.loads(text))

    @property
    def postgres_address(self) -> str:
        """The URL without credentials."""
        parts = urlsplit(self.postgres)
        return f"postgresql://{parts.hostname}:{parts.port}"


class StaticSecrets:
    """`chassis.secrets.Secrets` without Vault: fixed values, one database user for every role."""

    def __init__(
        self, values: Mapping[str, Mapping[str, str]] | None = None, *, username: str = "", password: str = ""
    ) -> None:
        self.values = dict(values or {})
        self._user = (username, password)
        self._issued: dict[str, DatabaseCredentials] = {}

    @classmethod
    def for_servers(cls, servers: Servers, values: Mapping[str, Mapping[str, str]] | None = None) -> "StaticSecrets":
        parts = urlsplit(servers.postgres)
        return cls(values, username=parts.username or "", password=parts.password or "")

    async def read(self, path: str) -> dict[str, str]:
        if path not in self.values:
            raise SecretMissing(f"no secret kv/{path}")
        return dict(self.values[path])

    async def database_credentials(self, role: str) -> DatabaseCredentials:
        return self._issued.setdefault(role, DatabaseCredentials(*self._user, issue=self._issue))

    async def ping(self) -> None:
        """There is nothing that could be away."""

    async def close(self) -> None:
        self._issued.clear()

    async def _issue(self) -> tuple[str, str]:
        return self._user


class Databases:
    """Fresh databases by template: a service is migrated once in a run, each test gets a copy within milliseconds."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._suffix = uuid4().hex[:12]
        self._made: list[str] = []

    @property
    def url(self) -> str:
        """For `Settings.database_url`: each service finds its own copy."""
        return f"{self._servers.postgres_address}/{{service}}_{self._suffix}"

    async def create(self, service: str, tables: MetaData | None = None) -> None:
        """Make the database of `service`, unless it is there. `tables` are those of a service without migrations."""
        name = f"{service}_{self._suffix}"
        if name in self._made:
            return
        async with self._admin() as admin:
            if tables is None:
                await self._ensure_template(admin, service)
                await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "template_{service}" STRATEGY FILE_COPY')
            else:
                await admin.execute(f'CREATE DATABASE "{name}" STRATEGY FILE_COPY')
                await self._create_tables(service, tables)
        self._made.append(name)

    async def drop(self) -> None:
        async with self._admin() as admin:
            for name in self._made:
                await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    async def connect(self, service: str) -> Database:
        """A pool on the database of `service`; the caller closes it."""
        await self.create(service)
        return await self._pool(self.url, service)

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(self._servers.postgres + "/postgres")
        try:
            yield connection
        finally:
            await connection.close()

    async def _ensure_template(self, admin: asyncpg.Connection, service: str) -> None:
        """Migrate the template once, whichever of the parallel test processes comes first."""
        template = f"template_{service}"
        await admin.execute("SELECT pg_advisory_lock(hashtext($1))", template)  # until this connection closes
        if await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", template):
            return
        await admin.execute(f'DROP DATABASE IF EXISTS "{template}_new"')
        await admin.execute(f'CREATE DATABASE "{template}_new"')
        database = await self._pool(f"{self._servers.postgres_address}/{template}_new", service)
        await upgrade(service, database)
        await database.close()
        await admin.execute(f'ALTER DATABASE "{template}_new" RENAME TO "{template}"')

    async def _create_tables(self, service: str, tables: MetaData) -> None:
        database = await self._pool(self.url, service)
        async with database.engine.begin() as connection:
            await connection.run_sync(chassis_tables.create_all)
            await connection.run_sync(tables.create_all)
        await database.close()

    async def _pool(self, url: str, service: str) -> Database:
        credentials = await StaticSecrets.for_servers(self._servers).database_credentials(service)
        return Database(url, service, credentials)


@dataclass(slots=True)
class App:
    """Services that run in this process; `client` speaks to them as a browser behind the edge would."""

    process: Process
    client: httpx.AsyncClient

    def runtime(self, service: str) -> Runtime:
        return self.process.runtimes[service]

    async def sign_in(self, account_id: UUID | None = None, *, roles: Sequence[str] = ()) -> UUID:
        """Sign the client in by a session made directly in Redis; answers the id of its account."""
        account_id = account_id or uuid4()
        sessions = next(iter(self.process.runtimes.values())).sessions
        token, _ = await sessions.create(account_id=account_id, roles=roles)
        self.client.cookies.set(COOKIE, token)
        return account_id

    def sign_out(self) -> None:
        self.client.cookies.clear()

    async def deliver(self, service: str, *events: Event, ids: Sequence[UUID] = ()) -> None:
        """Let `service` consume `events` as if one poll of Kafka had brought them; the same `ids` are a redelivery."""
        runtime = self.runtime(service)
        [subscriptions] = [each.subscriptions(runtime) for each in self.process.services if each.name == service]
        consumer = Consumer(service, runtime.database, subscriptions, runtime.settings)
        records = [_record(event, id_) for event, id_ in zip(events, ids or [uuid4() for _ in events], strict=True)]
        await consumer.handle(records)

    async def published(self, service: str) -> list[tuple[str, dict[str, Any]]]:
        """Type and data of what `service` has in its event log, in order."""
        query = select(event_log.c.type, event_log.c.data).order_by(event_log.c.position)
        async with self.runtime(service).database.reading() as connection:
            return [(row.type, row.data) for row in await connection.execute(query)]

    def another_client(self) -> "App":
        """The same services, seen by somebody else's browser."""
        return App(self.process, _client(self.process))


@asynccontextmanager
async def running(services: list[Service], settings: Settings, secrets: StaticSecrets) -> AsyncIterator[App]:
    """Run `services` through their whole life, as a server would."""
    process = create_process(services, settings, secrets)
    await process.start()
    client = _client(process)
    try:
        yield App(process, client)
    finally:
        await client.aclose()
        await process.stop()


def _record(event: Event, event_id: UUID) -> "ConsumerRecord[bytes, bytes]":
    sent = Outgoing(
        topic=event.topic,
        key=event.key.encode(),
        value=event.model_dump_json().encode(),
        id=str(event_id),
        type=event.type,
        source=event.topic,
        time=datetime.now(UTC).isoformat(),
        traceparent="",
    )
    return ConsumerRecord(
        topic=sent.topic,
        partition=0,
        offset=0,
        timestamp=0,
        timestamp_type=0,
        key=sent.key,
        value=sent.value,
        checksum=None,
        serialized_key_size=len(sent.key),
        serialized_value_size=len(sent.value),
        headers=sent.headers(),
    )


def _client(process: Process) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(process, raise_app_exceptions=False)
    conforms = checking(lambda: document(process.services))
    return httpx.AsyncClient(transport=transport, base_url=ORIGIN, event_hooks={"response": [conforms]})


async def eventually(
    question: Callable[[], Awaitable[Answer]],
    wanted: Callable[[Answer], object] = bool,
    *,
    seconds: float = 20.0,
    pause: float = 0.02,
) -> Any:
    """Ask until the answer is `wanted` (by default: true), and answer it. Raises TimeoutError with the last answer.

    `pause` is seconds between an answer and the next question.
    """
    answer: Answer | None = None
    try:
        async with asyncio.timeout(seconds):
            while not wanted(answer := await question()):  # noqa: ASYNC110 - it happens in another process
                await asyncio.sleep(pause)
            return answer
    except TimeoutError as error:
        raise TimeoutError(f"not so within {seconds:g} s; the last answer: {answer!r}") from error

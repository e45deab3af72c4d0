"""Services that run in the process of a test, on the real servers."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
from aiokafka.structs import ConsumerRecord
from sqlalchemy import select

from chassis.database.tables import event_log
from chassis.http.conformance import checking
from chassis.http.openapi import document
from chassis.http.principals import COOKIE
from chassis.messaging.events import Event
from chassis.messaging.inbox import Consumer
from chassis.messaging.kafka import Outgoing
from chassis.process.process import Process, create_process
from chassis.service.runtime import Runtime
from chassis.service.service import Service
from chassis.settings import Settings
from chassis.testing.fakes import StaticSecrets

ORIGIN = "https://test"


@dataclass(slots=True)
class App:
    """Services that run in this process; `client` speaks to them as a browser behind the edge would."""

    process: Process
    client: httpx.AsyncClient

    def runtime(self, service: str) -> Runtime[Any]:
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

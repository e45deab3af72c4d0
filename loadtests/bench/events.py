"""How many events a second go from one service's log through Kafka into another service's inbox."""

import asyncio
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database, metadata
from chassis.messaging import Event, PublicText, Received, Subscription, append
from chassis.messaging.inbox import Consumer
from chassis.messaging.kafka import Producer, ensure_topics
from chassis.messaging.outbox import Relay
from chassis.settings import Settings
from chassis.testing import StaticSecrets
from engines.local.servers import Running, start

CHUNK = 1000


class Noted(Event, topic="bench", type="bench.noted", key="id"):
    """An event of the usual size, about 250 bytes of data."""

    id: PublicText
    note: PublicText


async def measure(events: int = 20_000) -> float:
    """Events a second through relay, broker and consumer, all in this process and on servers of its own."""
    with tempfile.TemporaryDirectory(prefix="boxoffice-bench-") as folder:
        os.chmod(folder, 0o711)  # noqa: S103, PTH101 - Postgres may run as another user
        servers = [start(name, Path(folder)) for name in ("postgres", "broker")]
        try:
            return await _measure(events, *servers)
        finally:
            for server in servers:
                server.stop()


async def _measure(events: int, postgres: Running, broker: Running) -> float:
    settings = Settings(kafka_bootstrap_servers=broker.url, kafka_idempotence=False, kafka_fetch_wait_ms=50)
    source, target = [await _database(postgres.url, name) for name in ("bench_source", "bench_target")]
    await ensure_topics(settings, ["bench"])
    handled = 0
    everything = asyncio.Event()

    async def count(_: AsyncConnection, batch: Sequence[Received[Any]]) -> None:
        nonlocal handled
        handled += len(batch)
        if handled == events:
            everything.set()

    producer = Producer(settings)
    relay = Relay(source, producer, retention_hours=1)
    consumer = Consumer("bench", target, [Subscription(Noted, count)], settings)
    await consumer.step()  # joins its group, which takes seconds and is not what is measured
    for _ in range(0, events, CHUNK):
        async with source.transaction() as tx:
            await append(tx, *(Noted(id=str(uuid4()), note="x" * 200) for _ in range(CHUNK)))
    started = time.perf_counter()
    relay.worker.start()
    consumer.worker.start()
    async with asyncio.timeout(120):
        await everything.wait()
    seconds = time.perf_counter() - started
    await asyncio.gather(relay.worker.stop(), consumer.worker.stop())
    await asyncio.gather(consumer.close(), producer.close(), source.close(), target.close())
    return events / seconds


async def _database(url: str, name: str) -> Database:
    admin = await asyncpg.connect(url, database="postgres")
    await admin.execute(f"CREATE DATABASE {name}")
    await admin.close()
    parts = urlsplit(url)
    secrets = StaticSecrets(username=parts.username or "", password=parts.password or "")
    address = f"postgresql://{parts.hostname}:{parts.port}"
    database = Database(address, name, await secrets.database_credentials(name))
    async with database.engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    return database

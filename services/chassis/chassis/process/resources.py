"""Opening and closing what a process works with: connections are made here and nowhere else."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as ConnectionLost
from starlette.types import ASGIApp

from chassis.auth.sessions import Sessions
from chassis.calls.client import Calls
from chassis.calls.discovery import resolver_for
from chassis.configuration import read
from chassis.database.database import Database
from chassis.live.broadcast import Broadcast
from chassis.live.streams import Streams
from chassis.messaging.kafka import Producer
from chassis.process.open_files import open_files
from chassis.secrets.redis_login import with_own_login
from chassis.secrets.secrets import SecretMissing, Secrets, open_secrets
from chassis.service.runtime import Runtime
from chassis.service.service import Service
from chassis.settings import Settings

log = logging.getLogger(__name__)

REDIS_SECONDS = 1.0
SHARED_SECRET = "shared"  # noqa: S105 - the path of a secret, not one


@dataclass(slots=True, kw_only=True)
class Shared:
    """What all services of a process have in common."""

    settings: Settings
    secrets: Secrets
    redis: Redis
    sessions: Sessions
    broadcast: Broadcast
    producer: Producer
    calls: Calls
    draining: asyncio.Event
    streams: Streams


async def open_shared(
    settings: Settings,
    stack: AsyncExitStack,
    secrets: Secrets | None = None,
    *,
    services: Sequence[str],
    local: Mapping[str, ASGIApp],
    draining: asyncio.Event,
) -> Shared:
    """Open what the `services` of a process share; `stack` closes it in reverse order. Waits for Vault alone.

    `local` are the applications of the services that live in this process, also of those that come later.
    """
    secrets = secrets or await open_secrets(settings)
    stack.push_async_callback(secrets.close)
    settings = await with_shared_secrets(settings, secrets)
    redis = open_redis(await with_own_login(settings.redis_url, secrets, services))
    stack.push_async_callback(redis.aclose)
    broadcast = Broadcast(redis)
    stack.push_async_callback(broadcast.close)
    producer = Producer(settings)
    stack.push_async_callback(producer.close)
    calls = Calls(resolver_for(settings), local=local)
    stack.push_async_callback(calls.close)
    return Shared(
        settings=settings,
        secrets=secrets,
        redis=redis,
        sessions=Sessions(redis),
        broadcast=broadcast,
        producer=producer,
        calls=calls,
        draining=draining,
        streams=Streams(min(settings.max_streams, open_files() // 2)),
    )


async def with_shared_secrets(settings: Settings, secrets: Secrets) -> Settings:
    """The settings, in which addresses that need a credential come from Vault's `kv/shared`."""
    try:
        found = await secrets.read(SHARED_SECRET)
    except SecretMissing:
        return settings
    return settings.model_copy(update={name: value for name, value in found.items() if name in Settings.model_fields})


def open_redis(url: str) -> Redis:
    """A client that answers or fails within about a second; it connects when it is first used.

    A connection that broke is tried again; a server that hangs is not, or its second would become three.
    """
    return Redis.from_url(
        url,
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        health_check_interval=15,
        max_connections=64,
        retry=Retry(ExponentialBackoff(cap=0.1, base=0.02), 2, supported_errors=(ConnectionLost,)),
    )


async def open_runtime(service: Service, shared: Shared, stack: AsyncExitStack, *, role: str | None = None) -> Runtime:
    """The runtime of one service; its database user is leased under the name of the service, or of `role`."""
    settings = shared.settings
    credentials = await shared.secrets.database_credentials(role or service.name)
    database = Database(settings.database_url, service.name, credentials, pool_size=settings.database_pool)
    stack.push_async_callback(database.close)
    return Runtime(
        service=service.name,
        settings=settings,
        config=read(service.settings),
        database=database,
        redis=shared.redis,
        sessions=shared.sessions,
        broadcast=shared.broadcast,
        secrets=shared.secrets,
        calls=shared.calls,
        draining=shared.draining,
        streams=shared.streams,
    )


def host_of(url: str) -> str:
    """`HOST:PORT` of a URL, for messages: never its user or password."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)

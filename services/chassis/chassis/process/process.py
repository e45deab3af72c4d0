"""One process: hosts the services it was told to, opens what they need, and closes it all in reverse order."""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from chassis.calls.discovery import resolver_for
from chassis.configuration import read
from chassis.fleet.heartbeat import Heartbeat, Meter, Probe
from chassis.http.application import application
from chassis.http.bodies import Body
from chassis.http.dispatcher import Dispatcher
from chassis.http.documents import Documents
from chassis.http.readiness import Readiness
from chassis.messaging.inbox import Consumer
from chassis.messaging.kafka import ensure_topics
from chassis.messaging.outbox import Relay
from chassis.observability.metrics import Answers
from chassis.observability.tracing import work_of
from chassis.process.resources import Shared, host_of, open_runtime, open_shared
from chassis.secrets.secrets import Secrets
from chassis.secrets.vault import login_for
from chassis.service.runtime import Runtime
from chassis.service.service import Service
from chassis.settings import Role, Settings
from chassis.work.waiting import until_available
from chassis.work.worker import Worker

log = logging.getLogger(__name__)


class Process:
    """The ASGI application of a process, and its life: `start` and `stop` are the server's lifespan events."""

    def __init__(self, services: list[Service], settings: Settings, secrets: Secrets | None = None) -> None:
        self.services = services
        self.settings = settings
        self.draining = asyncio.Event()
        self.runtimes: dict[str, Runtime] = {}
        self.applications: dict[str, FastAPI] = {}
        """By service. Its own: several processes may live in one interpreter."""
        self._secrets = secrets
        self._answers = {each.name: Answers() for each in services}
        self._stack = AsyncExitStack()
        self._dispatcher: Dispatcher
        """Made at the start. The server takes no connection before that."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._dispatcher(scope, Body(dict(scope["headers"]), receive, send))
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def start(self) -> None:
        """Open everything. Waits for Vault; whatever else is away is waited for by those who need it."""
        shared = await open_shared(
            self.settings,
            self._stack,
            self._secrets,
            services=[service.name for service in self.services],
            local=self.applications,
            draining=self.draining,
        )
        closed_late = await self._stack.enter_async_context(AsyncExitStack())
        for service in self.services:
            await self._host(service, shared)
        readiness = Readiness(list(self.runtimes.values()), self.draining)
        self._dispatcher = Dispatcher(
            # A worker answers questions about itself and no others.
            [] if self.settings.role is Role.WORKER else self.services,
            self.settings,
            self.draining,
            readiness=readiness,
            answers=self._answers,
            applications=self.applications,
            documents=Documents(self.services),
        )
        self._start_workers(shared)
        heartbeat = self._heartbeat(shared, readiness)
        closed_late.push_async_callback(heartbeat.stop)  # how a process ends is to be seen too
        heartbeat.start()
        log.info("serving %s", ", ".join(self.runtimes))

    async def stop(self) -> None:
        """Finish what is under way and close everything."""
        self.draining.set()
        await self._stack.aclose()

    def _heartbeat(self, shared: Shared, readiness: Readiness) -> Heartbeat:
        probes = [
            Probe("kafka", shared.producer.ping, every_seconds=2.0),
            Probe("vault", shared.secrets.ping, every_seconds=5.0),
        ]
        meter = Meter(self._answers, {each.name: each.counters for each in self.services})
        return Heartbeat(
            shared.settings,
            shared.redis,
            meter,
            look=readiness.look,
            probes=probes,
            queued=lambda: self._dispatcher.queued,
        )

    async def _host(self, service: Service, shared: Shared) -> None:
        runtime = await open_runtime(service, shared, self._stack)
        self.applications[service.name] = application(service, runtime)
        self.runtimes[service.name] = runtime

    def _start_workers(self, shared: Shared) -> None:
        workers: dict[Worker, str] = {}
        """And whose they are."""
        topics: set[str] = set()
        for service in self.services:
            runtime = self.runtimes[service.name]
            relay = Relay(runtime.database, shared.producer, retention_hours=shared.settings.kafka_retention_hours)
            workers[relay.worker] = service.name
            topics.add(service.name)
            if self.settings.role is Role.API:
                continue
            workers |= dict.fromkeys(service.workers(runtime), service.name)
            if subscriptions := service.subscriptions(runtime):
                consumer = Consumer(service.name, runtime.database, subscriptions, shared.settings)
                topics.update(each.topic for each in subscriptions)
                self._stack.push_async_callback(consumer.close)
                workers[consumer.worker] = service.name
        starting = asyncio.create_task(_start_when_kafka_is_there(shared.settings, topics, workers))
        self._stack.push_async_callback(_stop, workers, starting)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self.start()
        except Exception as error:
            log.exception("start failed")
            await self._stack.aclose()
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})


def create_process(services: list[Service], settings: Settings, secrets: Secrets | None = None) -> Process:
    """The process that hosts `services`; `secrets` stands in for Vault in tests.

    Raises BadSettings here and not when it starts, because a server would tell that by a traceback.
    """
    resolver_for(settings)
    if not secrets and not settings.secrets_folder:
        login_for(settings)
    for service in services:
        read(service.settings)
    return Process(services, settings, secrets)


async def _start_when_kafka_is_there(settings: Settings, topics: set[str], workers: Mapping[Worker, str]) -> None:
    """Requests are served without Kafka: events wait in the log until it is there."""
    await until_available(f"kafka at {settings.kafka_bootstrap_servers}", partial(ensure_topics, settings, topics))
    begin(workers)


def begin(workers: Mapping[Worker, str]) -> None:
    """Start workers, given with the service that each of them works for."""
    for worker, service in workers.items():
        with work_of(service):
            worker.start()


async def _stop(workers: Iterable[Worker], starting: "asyncio.Task[Any]") -> None:
    starting.cancel()
    await asyncio.gather(*(worker.stop() for worker in workers))


def describe(settings: Settings) -> str:
    """Where a process finds its servers, for its first log line."""
    return (
        f"postgres {host_of(settings.database_url)}, redis {host_of(settings.redis_url)}, "
        f"kafka {settings.kafka_bootstrap_servers}, vault {host_of(settings.vault_addr)}"
    )

"""Live updates between processes over Redis pub/sub: fast, shared by all instances, and allowed to lose messages.

Whoever listens gets None when something may have been missed, and as a heartbeat: then it reads the state afresh.
All subscriptions of a process share one connection, which comes back by itself after Redis was away.
"""

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import orjson
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from chassis.work.backoff import Backoff
from chassis.work.coalesce import Coalescer

log = logging.getLogger(__name__)

TICK_SECONDS = 10.0
PUBLISH_SECONDS = 0.5
CONFIRM_SECONDS = 1.0
MAX_BACKLOG = 64
PAUSES = Backoff(0.1, 2.0)
AWAY = (RedisError, OSError, TimeoutError)
PREFIX = "live:"

Message = dict[str, Any]
Updates = AsyncIterator[Message | None]


@dataclass(slots=True, eq=False)
class Subscriber:
    """The mailbox of one listener. A listener that is too slow loses its backlog and is told to read afresh."""

    queue: "asyncio.Queue[Message | None]" = field(default_factory=lambda: asyncio.Queue(MAX_BACKLOG))

    def deliver(self, message: Message | None) -> None:
        if self.queue.full():
            while not self.queue.empty():
                self.queue.get_nowait()
            message = None
        self.queue.put_nowait(message)

    async def updates(self, tick_seconds: float) -> Updates:
        """Messages as they come; None as a heartbeat when none came for about `tick_seconds`."""
        while True:
            try:
                async with asyncio.timeout(tick_seconds * random.uniform(0.8, 1.2)):  # noqa: S311 - spreads the load
                    message = await self.queue.get()
            except TimeoutError:
                message = None
            yield message


@dataclass(slots=True, eq=False)
class Channel:
    """The listeners of one channel; `confirmed` once Redis sends its messages to this process."""

    subscribers: set[Subscriber] = field(default_factory=set)
    confirmed: asyncio.Event = field(default_factory=asyncio.Event)

    def deliver(self, message: Message | None) -> None:
        for subscriber in self.subscribers:
            subscriber.deliver(message)


class Broadcast:
    """Publishes to, and listens on, channels shared by all processes. It connects for listening at the first use."""

    def __init__(self, redis: Redis, *, tick_seconds: float = TICK_SECONDS) -> None:
        self._redis = redis
        self._tick_seconds = tick_seconds
        self._publishing: Coalescer[Sequence[tuple[str, bytes]], None] = Coalescer(self._publish)
        self._channels: dict[str, Channel] = {}
        self._connection: AbstractConnection | None = None
        self._writing = asyncio.Lock()
        self._listener: asyncio.Task[None] | None = None

    async def publish(self, channel: str, message: Message) -> None:
        """Tell every listener of `channel`. Never fails: a lost message costs a listener one heartbeat of delay.

        What JSON does not know, such as the UUIDs that asyncpg returns, goes as a string.
        """
        await self.publish_all({channel: message})

    async def publish_all(self, messages: Mapping[str, Message]) -> None:
        """Tell the listeners of many channels. One round trip carries what gathered during the one before."""
        packed = [(PREFIX + channel, orjson.dumps(message, default=str)) for channel, message in messages.items()]
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                await self._publishing.get(packed)
        except AWAY as error:
            log.warning("broadcast lost: %s", type(error).__name__)

    @asynccontextmanager
    async def subscribe(self, channel: str) -> AsyncIterator[Updates]:
        """Listen: inside the block no message is missed without a None in its place. Messages are shared, read only."""
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen(), name="broadcast")
        name, subscriber = PREFIX + channel, Subscriber()
        shared = self._channels.setdefault(name, Channel())
        shared.subscribers.add(subscriber)
        try:
            if len(shared.subscribers) == 1:
                await self._send("SUBSCRIBE", name)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CONFIRM_SECONDS):
                    await shared.confirmed.wait()
            yield subscriber.updates(self._tick_seconds)
        finally:
            shared.subscribers.discard(subscriber)
            if not shared.subscribers:
                self._channels.pop(name, None)
                await self._send("UNSUBSCRIBE", name)

    async def close(self) -> None:
        """Stop listening."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
            self._listener = None

    async def _publish(self, batches: Sequence[Sequence[tuple[str, bytes]]]) -> Sequence[None]:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for name, payload in chain.from_iterable(batches):
                pipeline.publish(name, payload)
            await pipeline.execute()
        return [None] * len(batches)

    async def _send(self, command: str, name: str) -> None:
        """Tell the connection what to listen to. Without one there is nothing to do: the next asks for all channels."""
        async with self._writing:
            if self._connection is not None and self._connection.is_connected:
                with contextlib.suppress(*AWAY):
                    await self._connection.send_command(command, name)

    async def _listen(self) -> None:
        failures = 0
        while True:
            failures += 1
            try:
                connection = await self._connect()
                failures = 1
                await self._receive(connection)
            except AWAY as error:
                if failures == 1:  # said once, not with every new attempt
                    log.warning("broadcast connection lost: %s", type(error).__name__)
            except Exception:
                log.exception("broadcast connection failed")
            finally:
                await self._disconnect()
            await asyncio.sleep(PAUSES.pause(failures))

    async def _connect(self) -> AbstractConnection:
        connection = _listening_connection(self._redis)
        await connection.connect()  # type: ignore[no-untyped-call]
        async with self._writing:
            self._connection = connection
            if self._channels:
                await connection.send_command("SUBSCRIBE", *self._channels)
        return connection

    async def _disconnect(self) -> None:
        async with self._writing:
            connection, self._connection = self._connection, None
            if connection is not None:
                with contextlib.suppress(*AWAY):
                    await connection.disconnect(nowait=True)

    async def _receive(self, connection: AbstractConnection) -> None:
        """Hand out messages until the connection breaks; a silent one is asked for a sign of life."""
        asked = False
        while True:
            answer = await connection.read_response(timeout=self._tick_seconds, disconnect_on_error=False)
            if answer is not None:
                self._dispatch(answer)
                asked = False
            elif asked:
                raise TimeoutError("no sign of life")
            else:
                async with self._writing:
                    await connection.send_command("PING")
                asked = True

    def _dispatch(self, answer: object) -> None:
        """Take one answer: `[kind, channel, payload]`, or that to a PING."""
        kind, name, payload = answer if isinstance(answer, list) and len(answer) == 3 else (b"pong", b"", b"")
        channel = self._channels.get(name.decode())
        if channel is None:
            return
        if kind == b"message":
            channel.deliver(orjson.loads(payload))
        elif kind == b"subscribe":
            if channel.confirmed.is_set():
                channel.deliver(None)  # connected anew: what was sent in between is lost
            channel.confirmed.set()


def _listening_connection(redis: Redis) -> AbstractConnection:
    """A connection of its own to the same server: in RESP2, where a message is a plain answer, and without any retry.

    The client's would also resubscribe by itself, and nobody would know that messages were missed.
    """
    pool = redis.connection_pool
    managed = ("maint_", "orig_", "himport_")
    options = {name: value for name, value in pool.connection_kwargs.items() if not name.startswith(managed)}
    options |= {"protocol": 2, "decode_responses": False, "socket_timeout": None, "health_check_interval": 0}
    return pool.connection_class(**options | {"retry": Retry(NoBackoff(), 0)})

"""Event streams: what they look like, and that each way to end them closes what they read from."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from chassis.live.sse import EventStream, ServerEvent
from chassis.testing.fakes import MemoryBroadcast

pytestmark = pytest.mark.timeout(10)


class Client:
    """An ASGI client that reads a stream chunk by chunk and can go away."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        self.headers: dict[bytes, bytes] = {}
        self.chunks: asyncio.Queue[bytes] = asyncio.Queue()
        self.ended = False

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.headers = dict(message["headers"])
        elif message["body"]:
            await self.chunks.put(message["body"])
        else:
            self.ended = not message["more_body"]


class Source:
    """Events that a test hands out; knows when it was closed."""

    def __init__(self, *events: ServerEvent | None) -> None:
        self.closed = asyncio.Event()
        self._events = events

    async def stream(self, *, forever: bool = True) -> AsyncGenerator[ServerEvent | None, None]:
        try:
            for event in self._events:
                yield event
            if forever:
                await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)  # closing a real subscription takes a turn of the loop too
            self.closed.set()


SCOPE = {"type": "http", "asgi": {"spec_version": "2.3"}}


async def test_renders_events_and_heartbeats() -> None:
    client = Client()
    source = Source(ServerEvent({"seat": "A1"}, event="sold", id="7"), None, ServerEvent([1]))
    await EventStream(source.stream(forever=False), endings=())(SCOPE, client.receive, client.send)

    chunks = [client.chunks.get_nowait() for _ in range(client.chunks.qsize())]
    assert chunks == [
        b"retry: 1000\n\n",
        b'event: sold\nid: 7\ndata: {"seat":"A1"}\n\n',
        b": heartbeat\n\n",
        b"data: [1]\n\n",
    ]
    assert client.headers[b"content-type"] == b"text/event-stream; charset=utf-8"
    assert client.headers[b"cache-control"] == b"no-store"
    assert client.headers[b"x-accel-buffering"] == b"no"
    assert client.ended
    assert source.closed.is_set()


async def test_ends_when_the_process_drains() -> None:
    client, source, draining = Client(), Source(ServerEvent(1)), asyncio.Event()
    answer = asyncio.create_task(
        EventStream(source.stream(), endings=[draining.wait])(SCOPE, client.receive, client.send)
    )
    await client.chunks.get()
    await client.chunks.get()
    draining.set()
    await answer
    assert client.ended
    assert source.closed.is_set()


async def test_ends_after_its_time() -> None:
    client, source = Client(), Source(ServerEvent(1))
    await EventStream(source.stream(), endings=(), seconds=0.05)(SCOPE, client.receive, client.send)
    assert client.ended
    assert source.closed.is_set()


@pytest.mark.parametrize("waiting_in", ["source", "send"])
async def test_closes_its_source_when_the_client_leaves(waiting_in: str) -> None:
    client, source = Client(), Source(ServerEvent(1), ServerEvent(2))
    if waiting_in == "send":
        client.chunks = asyncio.Queue(1)
    answer = asyncio.create_task(EventStream(source.stream(), endings=())(SCOPE, client.receive, client.send))
    await client.chunks.get()
    client.gone.set()
    await asyncio.wait_for(asyncio.gather(answer, source.closed.wait()), 2)


async def test_an_error_of_the_source_is_raised_not_hidden() -> None:
    async def broken() -> AsyncGenerator[ServerEvent | None, None]:
        yield None
        raise LookupError("gone")

    client = Client()
    with pytest.raises(LookupError):
        await EventStream(broken(), endings=())(SCOPE, client.receive, client.send)


async def test_leaves_no_subscription_behind() -> None:
    broadcast, client, draining = MemoryBroadcast(), Client(), asyncio.Event()

    async def changes() -> AsyncGenerator[ServerEvent | None, None]:
        async with broadcast.subscribe("orders") as updates:
            yield ServerEvent("ready")
            async for update in updates:
                yield ServerEvent(update)

    answer = asyncio.create_task(EventStream(changes(), endings=[draining.wait])(SCOPE, client.receive, client.send))
    while await client.chunks.get() != b'data: "ready"\n\n':
        pass
    await broadcast.publish("orders", {"status": "paid"})
    assert await client.chunks.get() == b'data: {"status":"paid"}\n\n'
    client.gone.set()
    await answer
    await broadcast.publish("orders", {"status": "confirmed"})
    assert client.chunks.empty()
    assert not broadcast._channels

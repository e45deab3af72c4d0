"""Server-sent events: an answer that goes on until the client leaves, the process drains, or it has lasted enough."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.responses import StreamingResponse

STREAM_SECONDS = 15 * 60.0
"""The browser connects anew after this, and its session is checked again."""
RETRY_MILLISECONDS = 1000
HEARTBEAT = b": heartbeat\n\n"
Events = AsyncGenerator["ServerEvent | None", None]
_closing: set[asyncio.Future[None]] = set()
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event. `data` is sent as JSON (what JSON does not know as a string), `id` comes back as `Last-Event-ID`."""

    data: Any
    event: str = ""
    id: str = ""

    def render(self) -> bytes:
        event = f"event: {self.event}\n" if self.event else ""
        id_ = f"id: {self.id}\n" if self.id else ""
        return f"{event}{id_}data: ".encode() + orjson.dumps(self.data, default=str) + b"\n\n"


def event_stream(events: Events, *, draining: asyncio.Event, seconds: float = STREAM_SECONDS) -> StreamingResponse:
    """Answer with `events`; None is a heartbeat comment. At the end the generator is closed, wherever it waits.

    >>> return event_stream(changes(runtime, order_id), draining=runtime.draining)
    """
    return StreamingResponse(_render(events, draining, seconds), media_type="text/event-stream", headers=HEADERS)


async def _render(events: Events, draining: asyncio.Event, seconds: float) -> AsyncGenerator[bytes, None]:
    yield b"retry: %d\n\n" % RETRY_MILLISECONDS
    async with aclosing(_until(events, draining, seconds)) as items:
        async for item in items:
            yield HEARTBEAT if item is None else item.render()


async def _until(events: Events, draining: asyncio.Event, seconds: float) -> Events:
    """The items of `events` until it ends, `draining` is set or `seconds` are over."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    drained = asyncio.ensure_future(draining.wait())
    upcoming: asyncio.Future[ServerEvent | None] | None = None
    try:
        while True:
            upcoming = asyncio.ensure_future(anext(events))
            await asyncio.wait({upcoming, drained}, timeout=deadline - loop.time(), return_when=asyncio.FIRST_COMPLETED)
            if drained.done() or not upcoming.done():
                return
            try:
                item = upcoming.result()
            except StopAsyncIteration:
                return
            yield item
    finally:
        # When the client leaves, Starlette cancels this task at every await: closing needs a task of its own.
        closing = asyncio.ensure_future(_close(events, drained, upcoming))
        _closing.add(closing)
        closing.add_done_callback(_closing.discard)
        await asyncio.shield(closing)


async def _close(events: Events, *pending: asyncio.Future[Any] | None) -> None:
    futures = [future for future in pending if future is not None]
    for future in futures:
        future.cancel()
    await asyncio.gather(*futures, return_exceptions=True)
    await events.aclose()

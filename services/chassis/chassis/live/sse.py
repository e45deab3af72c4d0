"""Server-sent events: an answer that goes on until the client leaves, the process drains, or it has lasted enough."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import AbstractContextManager, aclosing, nullcontext
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

STREAM_SECONDS = 15 * 60.0
"""The browser connects anew after this, and its session is checked again."""
RETRY_MILLISECONDS = 1000
HEARTBEAT = b": heartbeat\n\n"
Events = AsyncGenerator["ServerEvent | None", None]
Ending = Callable[[], Coroutine[Any, Any, object]]
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


class EventStream(StreamingResponse):
    """An answer of `events`; None is a heartbeat comment. At the end the generator is closed, wherever it waits.

    It ends when one of `endings` returns, or after `seconds`. `place` is held meanwhile; what it raises is the answer.
    """

    media_type = "text/event-stream"

    def __init__(
        self,
        events: Events,
        *,
        endings: Sequence[Ending],
        place: AbstractContextManager[None] | None = None,
        seconds: float = STREAM_SECONDS,
        status_code: int = 200,  # FastAPI reads it here for its document
    ) -> None:
        super().__init__(_render(events, endings, seconds), status_code, headers=HEADERS)
        self._place = place or nullcontext()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._place:
            await super().__call__(scope, receive, send)


async def _render(events: Events, endings: Sequence[Ending], seconds: float) -> AsyncGenerator[bytes, None]:
    yield b"retry: %d\n\n" % RETRY_MILLISECONDS
    async with aclosing(_until(events, endings, seconds)) as items:
        async for item in items:
            yield HEARTBEAT if item is None else item.render()


async def _until(events: Events, endings: Sequence[Ending], seconds: float) -> Events:
    """The items of `events` until it ends, one of `endings` is done or `seconds` are over."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    ended: list[asyncio.Future[Any]] = [asyncio.ensure_future(each()) for each in endings]
    upcoming: asyncio.Future[ServerEvent | None] | None = None
    try:
        while True:
            upcoming = asyncio.ensure_future(anext(events))
            awaited = {upcoming, *ended}
            await asyncio.wait(awaited, timeout=deadline - loop.time(), return_when=asyncio.FIRST_COMPLETED)
            if any(each.done() for each in ended) or not upcoming.done():
                return
            try:
                item = upcoming.result()
            except StopAsyncIteration:
                return
            yield item
    finally:
        # When the client leaves, Starlette cancels this task at every await: closing needs a task of its own.
        closing = asyncio.ensure_future(_close(events, upcoming, *ended))
        _closing.add(closing)
        closing.add_done_callback(_closing.discard)
        await asyncio.shield(closing)


async def _close(events: Events, *pending: asyncio.Future[Any] | None) -> None:
    futures = [future for future in pending if future is not None]
    for future in futures:
        future.cancel()
    await asyncio.gather(*futures, return_exceptions=True)
    await events.aclose()

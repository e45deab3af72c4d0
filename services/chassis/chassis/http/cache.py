"""Public answers as bytes: rendered once, sent many times, with an ETag and a short life.

A cache of them makes the database see one query where a thousand people look at the same page.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Rendered:
    """The body of an answer, and the tag that names this state of it."""

    body: bytes
    etag: str

    @classmethod
    def of(cls, body: bytes) -> "Rendered":
        return cls(body, etag_of(body))

    def response(self, request: Request, cache_control: str, *, media_type: str = JSON) -> Response:
        """The answer to `request`: 304 when the caller has this state already."""
        return conditional(request, self.etag, cache_control, lambda: self.body, media_type=media_type)


def conditional(
    request: Request, etag: str, cache_control: str, render: Callable[[], bytes], *, media_type: str = JSON
) -> Response:
    """The state named `etag`, made by `render`; 304 when the caller says (`If-None-Match`) that it has it."""
    headers = {"etag": etag, "cache-control": cache_control}
    if _is_known(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(render(), headers=headers, media_type=media_type)


def etag_of(*state: bytes) -> str:
    """The entity tag of what `state` determines."""
    digest = hashlib.blake2b(digest_size=12)
    for part in state:
        digest.update(part)
        digest.update(b"\0")
    return f'"{digest.hexdigest()}"'


def _is_known(request: Request, etag: str) -> bool:
    header = request.headers.get("if-none-match")
    if header is None:
        return False
    return any(tag.strip().removeprefix("W/") in (etag, "*") for tag in header.split(","))


@dataclass(slots=True)
class _Entry:
    task: "asyncio.Task[Rendered]"
    expires: float


class RenderedCache:
    """Rendered answers of the last `seconds`, in memory. Callers that come while an answer is being made share it.

    What fails is not kept: everyone who waited gets the error, the next caller tries again.
    """

    def __init__(self, seconds: float, *, capacity: int = 1024) -> None:
        self._seconds = seconds
        self._capacity = capacity
        self._entries: dict[Hashable, _Entry] = {}

    async def get(self, key: Hashable, render: Callable[[], Awaitable[Rendered]]) -> Rendered:
        """The answer named `key`, made by `render` unless there is a fresh one."""
        entry = self._entries.get(key)
        if entry is None or entry.expires < time.monotonic():
            entry = self._start(key, render)
        if entry.task.done():
            return entry.task.result()
        return await asyncio.shield(entry.task)

    def clear(self) -> None:
        """Forget everything. An answer under way still goes to those who wait for it, and to nobody after."""
        self._entries = {}

    def _start(self, key: Hashable, render: Callable[[], Awaitable[Rendered]]) -> _Entry:
        entries = self._entries
        entries.pop(key, None)
        if len(entries) >= self._capacity:
            del entries[next(iter(entries))]
        task = asyncio.create_task(_make(render))
        entry = entries[key] = _Entry(task, float("inf"))

        def settle(_: Any) -> None:
            entry.expires = time.monotonic() + self._seconds
            if (task.cancelled() or task.exception()) and entries.get(key) is entry:
                del entries[key]

        task.add_done_callback(settle)
        return entry


async def _make(render: Callable[[], Awaitable[Rendered]]) -> Rendered:
    return await render()

"""Questions that are asked at the same time, answered together: while one round trip is under way the next ones gather.

A lone question waits for nobody. Under load a round trip carries many, and costs little more than it does for one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Key = TypeVar("Key")
Answer = TypeVar("Answer")


class Coalescer(Generic[Key, Answer]):
    """Asks `fetch` for many keys at once; it answers in the order of the keys, or raises for all of them."""

    def __init__(self, fetch: Callable[[Sequence[Key]], Awaitable[Sequence[Answer]]], *, max_keys: int = 256) -> None:
        self._fetch = fetch
        self._max_keys = max_keys
        self._waiting: list[tuple[Key, asyncio.Future[Answer]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def get(self, key: Key) -> Answer:
        """The answer for `key`."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((key, answer))
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        return await answer

    async def _ask(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[: self._max_keys], self._waiting[self._max_keys :]
                await self._answer(batch)
        finally:
            self._asking = None

    async def _answer(self, batch: Sequence[tuple[Key, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._fetch([key for key, _ in batch])
        except Exception as error:
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
        else:
            for (_, future), answer in zip(batch, answers, strict=True):
                if not future.done():
                    future.set_result(answer)

"""Somebody who looks again and again while other things happen."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress


@asynccontextmanager
async def looking(
    look: Callable[[], Awaitable[None]], *, every: float, despite: tuple[type[Exception], ...]
) -> AsyncIterator[None]:
    """`look` as long as the block lasts, every so many seconds; after an error of `despite` that look saw nothing."""

    async def again_and_again() -> None:
        while True:
            with suppress(*despite):
                await look()
            await asyncio.sleep(every)

    task = asyncio.create_task(again_and_again())
    try:
        yield
    finally:
        task.cancel()

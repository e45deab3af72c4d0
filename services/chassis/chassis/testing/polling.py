"""Waiting for what happens in another process."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

Answer = TypeVar("Answer")


async def eventually(
    question: Callable[[], Awaitable[Answer]],
    wanted: Callable[[Answer], object] = bool,
    *,
    seconds: float = 20.0,
    pause: float = 0.02,
) -> Any:
    """Ask until the answer is `wanted` (by default: true), and answer it. Raises TimeoutError with the last answer.

    `pause` is seconds between an answer and the next question.
    """
    answer: Answer | None = None
    try:
        async with asyncio.timeout(seconds):
            while not wanted(answer := await question()):  # noqa: ASYNC110 - it happens in another process
                await asyncio.sleep(pause)
            return answer
    except TimeoutError as error:
        raise TimeoutError(f"not so within {seconds:g} s; the last answer: {answer!r}") from error

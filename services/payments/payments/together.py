"""Many callers, one statement: questions of the same moment are answered together."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar
from uuid import UUID

Question = TypeVar("Question")
Answer = TypeVar("Answer")


class Together(Generic[Question, Answer]):
    """Answers the questions that come at the same moment all at once; those that come meanwhile are the next batch."""

    def __init__(self, answer: Callable[[Sequence[Question]], Awaitable[dict[UUID, Answer]]]) -> None:
        self._answer = answer
        self._waiting: dict[UUID, tuple[Question, asyncio.Future[Answer]]] = {}
        self._working: asyncio.Task[None] | None = None

    async def ask(self, key: UUID, question: Question) -> Answer:
        """The answer to `question`; who asks under the same key at the same moment shares it."""
        _, future = self._waiting.setdefault(key, (question, asyncio.get_running_loop().create_future()))
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        return await asyncio.shield(future)

    async def _work(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, {}
                await self._settle(batch)
        finally:
            self._working = None

    async def _settle(self, batch: dict[UUID, tuple[Question, "asyncio.Future[Answer]"]]) -> None:
        try:
            answers = await self._answer([question for question, _ in batch.values()])
        except Exception as error:
            for _, future in batch.values():
                future.set_exception(error)
                future.exception()  # who asked may have gone; then nobody needs to hear of it
        else:
            for key, (_, future) in batch.items():
                future.set_result(answers[key])

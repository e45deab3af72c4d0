"""Questions of the same moment are answered at once, and each gets its own answer."""

import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from payments.together import Together

KEYS = [uuid4() for _ in range(5)]


class Oracle:
    """Answers every question with itself, and remembers which came together."""

    def __init__(self) -> None:
        self.batches: list[list[UUID]] = []
        self.error: Exception | None = None

    async def answer(self, questions: Sequence[UUID]) -> dict[UUID, UUID]:
        self.batches.append(list(questions))
        await asyncio.sleep(0)
        if self.error:
            raise self.error
        return {question: question for question in questions}


async def test_questions_of_one_moment_are_one_batch() -> None:
    oracle = Oracle()
    together = Together(oracle.answer)
    answers = await asyncio.gather(*(together.ask(key, key) for key in KEYS))
    assert (answers, oracle.batches) == (KEYS, [KEYS])


async def test_the_same_key_twice_is_one_question() -> None:
    oracle = Oracle()
    together = Together(oracle.answer)
    answers = await asyncio.gather(*(together.ask(KEYS[0], KEYS[0]) for _ in range(2)))
    assert (answers, oracle.batches) == ([KEYS[0], KEYS[0]], [[KEYS[0]]])


async def test_later_questions_get_answers_too() -> None:
    oracle = Oracle()
    together = Together(oracle.answer)
    assert [await together.ask(key, key) for key in KEYS] == KEYS
    assert len(oracle.batches) == len(KEYS)


async def test_an_error_goes_to_all_who_asked_and_not_to_the_next() -> None:
    oracle = Oracle()
    together = Together(oracle.answer)
    oracle.error = ConnectionError("away")
    outcomes = await asyncio.gather(*(together.ask(key, key) for key in KEYS), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ConnectionError] * 5
    oracle.error = None
    assert await together.ask(KEYS[0], KEYS[0]) == KEYS[0]


async def test_who_stops_waiting_takes_the_answer_from_nobody() -> None:
    together = Together(Oracle().answer)
    impatient = asyncio.create_task(together.ask(KEYS[0], KEYS[0]))
    patient = asyncio.create_task(together.ask(KEYS[0], KEYS[0]))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient == KEYS[0]
    with pytest.raises(asyncio.CancelledError):
        await impatient

"""Questions of the same moment are answered at once, and each gets its own answer."""

import asyncio
from collections.abc import Sequence

import pytest

from chassis.work.coalesce import Coalescer


class Oracle:
    """Doubles what it is asked, and remembers which questions came together."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.error: Exception | None = None

    async def answer(self, questions: Sequence[int]) -> list[int]:
        self.batches.append(list(questions))
        await asyncio.sleep(0)
        if self.error:
            raise self.error
        return [2 * question for question in questions]


async def test_questions_of_one_moment_are_one_batch() -> None:
    oracle = Oracle()
    coalescer = Coalescer(oracle.answer)
    answers = await asyncio.gather(*(coalescer.get(number) for number in range(5)))
    assert (answers, oracle.batches) == ([0, 2, 4, 6, 8], [[0, 1, 2, 3, 4]])


async def test_a_batch_is_bounded() -> None:
    oracle = Oracle()
    coalescer = Coalescer(oracle.answer, max_keys=2)
    answers = await asyncio.gather(*(coalescer.get(number) for number in range(5)))
    assert (answers, oracle.batches) == ([0, 2, 4, 6, 8], [[0, 1], [2, 3], [4]])


async def test_later_questions_get_answers_too() -> None:
    oracle = Oracle()
    coalescer = Coalescer(oracle.answer)
    assert [await coalescer.get(number) for number in range(3)] == [0, 2, 4]
    assert oracle.batches == [[0], [1], [2]]


async def test_an_error_goes_to_all_who_asked_and_not_to_the_next() -> None:
    oracle = Oracle()
    coalescer = Coalescer(oracle.answer)
    oracle.error = ConnectionError("away")
    outcomes = await asyncio.gather(*(coalescer.get(number) for number in range(3)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ConnectionError] * 3
    oracle.error = None
    assert await coalescer.get(1) == 2


async def test_who_stops_waiting_takes_the_answer_from_nobody() -> None:
    coalescer = Coalescer(Oracle().answer)
    impatient = asyncio.create_task(coalescer.get(1))
    patient = asyncio.create_task(coalescer.get(2))
    await asyncio.sleep(0)
    impatient.cancel()
    assert await patient == 4
    with pytest.raises(asyncio.CancelledError):
        await impatient

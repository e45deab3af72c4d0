"""Work in flight is bounded: some of the rest waits for a while, what is beyond that is told at once."""

import asyncio

import pytest
from starlette.exceptions import HTTPException

from chassis.limits import Admission, Busy, limit_body


async def settle() -> None:
    """Let every task that can run do so."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_waiting_requests_get_places_in_turn() -> None:
    admission = Admission(max_in_flight=1, max_queued=2, max_seconds=5)
    entered: list[str] = []

    async def request(name: str) -> None:
        await admission.enter()
        entered.append(name)

    await admission.enter()
    async with asyncio.TaskGroup() as group:
        for name in ("first", "second"):
            group.create_task(request(name))
        await settle()
        assert entered == []
        admission.leave()
        await settle()
        assert entered == ["first"]
        admission.leave()
    assert entered == ["first", "second"]


async def test_beyond_the_queue_the_answer_is_busy_at_once() -> None:
    admission = Admission(max_in_flight=1, max_queued=0, max_seconds=60)
    await admission.enter()
    with pytest.raises(Busy) as busy:
        await asyncio.wait_for(admission.enter(), 1)
    assert (busy.value.status, busy.value.headers) == (503, {"retry-after": "1"})


async def test_nobody_waits_longer_than_allowed_and_no_place_is_lost() -> None:
    admission = Admission(max_in_flight=1, max_queued=1, max_seconds=0.01)
    await admission.enter()
    with pytest.raises(Busy):
        await admission.enter()
    admission.leave()
    await asyncio.wait_for(admission.enter(), 1)


async def test_a_client_that_goes_away_while_waiting_leaves_its_place_in_the_queue() -> None:
    admission = Admission(max_in_flight=1, max_queued=1, max_seconds=60)
    await admission.enter()
    gone = asyncio.create_task(admission.enter())
    await settle()
    gone.cancel()
    await settle()
    staying = asyncio.create_task(admission.enter())
    await settle()
    admission.leave()
    await asyncio.wait_for(staying, 1)


async def test_a_place_handed_to_a_client_that_just_left_is_passed_on() -> None:
    admission = Admission(max_in_flight=1, max_queued=1, max_seconds=60)

    async def request() -> None:
        await admission.enter()
        admission.leave()

    await admission.enter()
    gone = asyncio.create_task(request())
    await settle()
    admission.leave()
    gone.cancel()
    await settle()
    await asyncio.wait_for(request(), 1)


async def test_a_body_without_a_length_is_bounded_too() -> None:
    chunks = iter([{"body": b"12345"}, {"body": b"67890"}, {"body": b"1"}])

    async def receive() -> dict[str, bytes]:
        return next(chunks)

    limited = limit_body(receive, 10)
    assert (await limited())["body"] + (await limited())["body"] == b"1234567890"
    with pytest.raises(HTTPException) as refused:
        await limited()
    assert refused.value.status_code == 413

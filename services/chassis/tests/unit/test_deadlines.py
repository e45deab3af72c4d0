"""What the caller still waits for bounds what is done for it."""

import asyncio
from contextvars import copy_context

import pytest

from chassis.calls.deadlines import remaining, set_deadline
from chassis.http.admission import Admission, Busy


def test_without_a_deadline_there_is_all_the_time_that_the_work_may_take() -> None:
    assert copy_context().run(remaining, 2.0) == 2.0


@pytest.mark.parametrize(("header", "least", "most"), [(b"500", 0.3, 0.5), (b"60000", 2, 2), (b"0", 0, 0)])
async def test_the_caller_may_shorten_it(header: bytes, least: float, most: float) -> None:
    set_deadline(header)
    assert least <= remaining(2.0) <= most


@pytest.mark.parametrize("header", [None, b"", b"soon", b"-5", b"1.5"])
async def test_nonsense_is_no_deadline(header: bytes | None) -> None:
    set_deadline(header)
    assert remaining(2.0) == 2.0


async def test_nobody_waits_at_the_door_for_a_caller_who_has_left() -> None:
    admission = Admission(max_in_flight=0, max_queued=5, max_seconds=60)
    set_deadline(b"10")
    with pytest.raises(Busy):
        await asyncio.wait_for(admission.enter(), 1)

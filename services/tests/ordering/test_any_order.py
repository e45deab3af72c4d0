"""Whichever service hears first, the books agree once all have heard everything (decision 0022).

`ORDERINGS=2000` makes up to as many runs of each journey; without it there are a few, for every change.
"""

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.box_office import BoxOffice, Run
from support.box_office_journeys import JOURNEYS, SMALL, Journey, a_cancelled_performance
from support.interleavings import Interleavings

ORDERINGS = int(os.environ.get("ORDERINGS", "4"))
REWINDS = 3

ORDERED_BETWEEN = [
    "ada holds",
    "the performance is cancelled",
    "hears: orders, of performance: performance.cancelled 0",
    "ada orders",
    "hears: payments, of ada: order.placed 0",
    "the provider is asked",
    "the provider answers",
    "hears: orders, of ada: payment.captured 0",
    "hears: seats, of ada: order.paid 0",
    "hears: orders, of ada: seats.sold 0",
    "hears: notifications, of ada: order.confirmed 0",
    "hears: seats, of performance: performance.cancelled 1",
]
"""Orders hears of the cancellation, takes an order, and seats sells to it, since it hears later (issue 13)."""

pytestmark = pytest.mark.timeout(180 + 30 * ORDERINGS)


def name_of(journey: Journey) -> str:
    return journey.__name__


async def begin(box_office: BoxOffice, journey: Journey) -> Run:
    run = await box_office.run()
    run.delivery.people = await journey(run)
    return run


async def test_an_order_between_two_who_hear_of_the_cancellation(box_office: BoxOffice) -> None:
    run = await begin(box_office, a_cancelled_performance)
    for name in ORDERED_BETWEEN:
        for step in await run.delivery.steps():
            if step.name == name:
                await run.delivery.take(step)
    assert not await run.delivery.steps()
    await run.check()


@pytest.mark.parametrize("journey", SMALL, ids=name_of)
async def test_every_order(box_office: BoxOffice, journey: Journey) -> None:
    search, ended = Interleavings(), 0
    for _ in search.runs():
        run = await begin(box_office, journey)
        while step := search.choose(await run.delivery.steps()):
            await run.delivery.take(step)
        if not await run.delivery.steps():
            await run.check()
            ended += 1
        if ended == ORDERINGS:
            break
    assert ended


@pytest.mark.parametrize("journey", JOURNEYS, ids=name_of)
@settings(max_examples=ORDERINGS, deadline=None, print_blob=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
async def test_any_order_with_batches_and_repetitions(box_office: BoxOffice, journey: Journey, data: Any) -> None:
    run = await begin(box_office, journey)
    rewinds = REWINDS
    while steps := await run.delivery.steps():
        step = steps[data.draw(st.integers(0, len(steps) - 1), label="step")]
        await run.delivery.take(step, batch=data.draw(st.integers(1, 4), label="batch"))
        if rewinds and data.draw(st.booleans(), label="a consumer forgets how far it was"):
            rewinds -= 1
            run.delivery.rewind(data.draw(st.integers(0, 20), label="which"))
    await run.check()

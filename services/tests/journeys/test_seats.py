"""Holds, and what happens when two want the same seat."""

import asyncio
from collections import Counter
from datetime import UTC, datetime

from support.customer import Customer, NewCustomer, problem_of, shaped
from support.shapes import Hold, Performance


async def test_a_hold_keeps_its_seats_for_eight_minutes(
    customer: Customer, new_customer: NewCustomer, performance: Performance
) -> None:
    hold = await customer.hold(performance.id, ["A1", "B1"])

    assert 7 * 60 < (hold.expires_at - datetime.now(UTC)).total_seconds() <= 8 * 60 + 1
    assert hold.total.model_dump() == {"amount": 40_00, "currency": "EUR"}
    body = {"performance_id": str(performance.id), "seats": ["A2", "A1"]}
    problem = await (await new_customer()).refused("POST", "/api/holds", 409, "seats-taken", json=body)
    assert problem.member("seats") == ["A1"]
    seats = await customer.seat_map(performance.id)
    assert seats.labels("held") == ["A1", "B1"]
    assert len(seats.labels()) == 18


async def test_letting_a_hold_go_frees_its_seats(
    customer: Customer, new_customer: NewCustomer, performance: Performance
) -> None:
    hold = await customer.hold(performance.id, ["A1"])

    assert (await customer.request("DELETE", f"/api/holds/{hold.id}")).status_code == 204

    await customer.refused("GET", f"/api/holds/{hold.id}", 404)
    await customer.refused("DELETE", f"/api/holds/{hold.id}", 404)
    assert (await (await new_customer()).hold(performance.id, ["A1"])).seats == ["A1"]


async def test_eight_seats_at_most(customer: Customer, performance: Performance) -> None:
    body = {"performance_id": str(performance.id), "seats": [f"A{number}" for number in range(1, 10)]}

    await customer.refused("POST", "/api/holds", 422, "invalid-input", json=body)
    assert len((await customer.hold(performance.id, 8)).seats) == 8


async def test_only_seats_that_are_there(customer: Customer, performance: Performance) -> None:
    body = {"performance_id": str(performance.id), "seats": ["A1", "Z99"]}

    problem = await customer.refused("POST", "/api/holds", 422, json=body)

    assert problem.member("seats") == ["Z99"]
    assert len((await customer.seat_map(performance.id)).labels()) == 20


async def test_a_race_for_a_seat_has_one_winner(new_customer: NewCustomer, performance: Performance) -> None:
    rivals = [await new_customer() for _ in range(4)]
    body = {"performance_id": str(performance.id), "seats": ["A5"]}

    answers = await asyncio.gather(
        *(rival.request("POST", "/api/holds", json=body) for rival in rivals for _ in range(3))
    )

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 11}
    losers = [problem_of(answer, 409) for answer in answers if answer.status_code == 409]
    assert {problem.slug for problem in losers} == {"seats-taken"}
    assert all(problem.member("seats") == ["A5"] for problem in losers)


async def test_a_race_for_overlapping_seats_sells_each_once(
    new_customer: NewCustomer, performance: Performance
) -> None:
    """All wish for three seats in a row out of six, in both directions: no deadlock, nobody gets a part."""
    rivals = [await new_customer() for _ in range(3)]
    wishes = [[f"A{start + step}" for step in range(3)] for start in (1, 2, 3, 4)]
    wishes += [wish[::-1] for wish in wishes]

    answers = await asyncio.gather(
        *(
            rival.request("POST", "/api/holds", json={"performance_id": str(performance.id), "seats": wish})
            for rival in rivals
            for wish in wishes
        )
    )

    assert {answer.status_code for answer in answers} == {201, 409}
    won = [seat for answer in answers if answer.status_code == 201 for seat in shaped(answer, Hold, 201).seats]
    assert len(won) == len(set(won))
    assert sorted((await rivals[0].seat_map(performance.id)).labels("held")) == sorted(won)


async def test_a_hold_needs_a_session(visitor: Customer, performance: Performance) -> None:
    body = {"performance_id": str(performance.id), "seats": ["A1"]}

    await visitor.refused("POST", "/api/holds", 401, "unauthenticated", json=body)

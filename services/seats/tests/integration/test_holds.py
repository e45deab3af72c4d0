"""Holds: who gets the seats, for how long, and who may see it."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from chassis.errors import NotFound
from chassis.messaging import now
from chassis.testing import eventually
from seats import handlers, repository
from seats.consumers import PerformanceCancelled

BUYERS = 50
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


async def test_a_hold_keeps_seats_for_a_while(stage: Any) -> None:
    buyer = await stage.buyer()
    response = await buyer.hold("B1", "A10", "A2")
    hold = response.json()
    assert response.status_code == 201
    assert response.headers["location"] == f"/api/holds/{hold['id']}"
    assert hold["seats"] == ["A2", "A10", "B1"]
    assert hold["total"] == {"amount": 6000, "currency": "EUR"}
    assert abs(datetime.fromisoformat(hold["expires_at"]) - now() - timedelta(minutes=8)) < timedelta(seconds=5)
    assert await stage.states() == {"A2": "held", "A10": "held", "B1": "held"}
    assert (await buyer.app.client.get(f"/api/holds/{hold['id']}")).json() == hold


async def test_a_hold_is_all_or_nothing_and_names_the_taken_seats(stage: Any) -> None:
    await (await stage.buyer()).held("A2", "A3")
    response = await (await stage.buyer()).hold("A1", "A2", "A3", "A4")
    problem = response.json()
    assert (response.status_code, problem["type"].rsplit("/", 1)[1]) == (409, "seats-taken")
    assert problem["seats"] == ["A2", "A3"]
    assert await stage.states() == {"A2": "held", "A3": "held"}


async def test_of_many_buyers_exactly_one_wins(stage: Any) -> None:
    buyers = [await stage.buyer() for _ in range(BUYERS)]
    seats = [f"A{number}" for number in range(1, 9)]
    responses = await asyncio.gather(
        *(buyer.hold(*(seats if number % 2 else reversed(seats))) for number, buyer in enumerate(buyers))
    )
    assert Counter(response.status_code for response in responses) == {201: 1, 409: BUYERS - 1}
    assert all(response.json()["seats"] == seats for response in responses)


async def test_a_buyer_whose_turn_does_not_come_in_time_is_asked_to_come_again(stage: Any) -> None:
    """All connections of the pool are at work: the wait for one has a bound, and nothing has happened after it."""
    buyer = await stage.buyer()
    runtime = stage.app.runtime("seats")
    async with AsyncExitStack() as others:
        for _ in range(runtime.settings.database_pool):
            await others.enter_async_context(runtime.database.engine.connect())
        body = {"performance_id": str(stage.performance_id), "seats": ["A1"]}
        response = await buyer.app.client.post("/api/holds", json=body)
    assert (response.status_code, response.json()["type"].rsplit("/", 1)[1]) == (503, "unavailable")
    assert response.headers["retry-after"] == "1"
    assert await stage.states() == {}
    assert (await buyer.app.client.post("/api/holds", json=body)).status_code == 201


async def test_buyers_of_overlapping_seats_never_share_one(stage: Any) -> None:
    buyers = [await stage.buyer() for _ in range(BUYERS)]
    wanted = [{f"A{1 + (number * step) % 12}" for step in (1, 2, 3)} for number in range(BUYERS)]
    responses = await asyncio.gather(*(buyer.hold(*seats) for buyer, seats in zip(buyers, wanted, strict=True)))
    won = [seat for response in responses if response.status_code == 201 for seat in response.json()["seats"]]
    assert won
    assert len(won) == len(set(won))
    assert {response.status_code for response in responses} == {201, 409}
    assert await stage.states() == dict.fromkeys(won, "held")


async def test_an_expired_hold_can_be_taken_over(stage: Any) -> None:
    first, second = await stage.buyer(), await stage.buyer()
    expired = await first.held("A1", "A2")
    await stage.let_holds_expire()
    assert await stage.states() == {}
    assert (await first.app.client.get(f"/api/holds/{expired}")).status_code == 404
    await second.held("A2", "A3")
    assert await stage.states() == {"A2": "held", "A3": "held"}


async def test_a_hold_is_let_go_by_its_owner_only(stage: Any) -> None:
    owner, stranger = await stage.buyer(), await stage.buyer()
    path = f"/api/holds/{await owner.held('A1')}"
    assert (await stranger.app.client.get(path)).status_code == 404
    assert (await stranger.app.client.delete(path)).status_code == 404
    assert await stage.states() == {"A1": "held"}
    assert (await owner.app.client.delete(path)).status_code == 204
    assert (await owner.app.client.delete(path)).status_code == 404
    assert await stage.states() == {}


@pytest.mark.parametrize(
    "seats",
    [[], ["A1", "A1"], ["Z1"], ["A0"], ["A1\x00"], [f"A{n}" for n in range(1, 10)], "A1", [1], None],
    ids=str,
)
async def test_bad_seats_are_refused(stage: Any, seats: Any) -> None:
    buyer = await stage.buyer()
    body = {"performance_id": str(stage.performance_id), "seats": seats}
    assert (await buyer.app.client.post("/api/holds", json=body)).status_code == 422


async def test_a_hold_needs_a_session_and_a_performance(stage: Any) -> None:
    body = {"performance_id": str(uuid4()), "seats": ["A1"]}
    assert (await stage.app.client.post("/api/holds", json=body)).status_code == 401
    buyer = await stage.buyer()
    assert (await buyer.app.client.post("/api/holds", json=body)).status_code == 404


async def test_nothing_is_sold_of_a_cancelled_performance(stage: Any) -> None:
    buyer = await stage.buyer()
    before = await buyer.held("A1")
    await stage.app.deliver("seats", PerformanceCancelled(performance_id=stage.performance_id))
    response = await buyer.hold("A2")
    assert (response.status_code, response.json()["type"].rsplit("/", 1)[1]) == (409, "performance-closed")
    with pytest.raises(NotFound):
        await handlers.get_hold_for_order(stage.app.runtime("seats"), before)


async def test_nothing_is_sold_once_the_show_has_begun(stage: Any) -> None:
    buyer = await stage.buyer()
    await buyer.held("A1")
    async with stage.app.runtime("seats").database.transaction() as tx:
        await tx.execute(text("UPDATE performances SET starts_at = now() - interval '1 second'"))
    response = await buyer.hold("A2")
    assert (response.status_code, response.json()["type"].rsplit("/", 1)[1]) == (409, "performance-closed")


async def test_orders_reads_a_hold_with_what_it_needs(stage: Any) -> None:
    buyer = await stage.buyer()
    hold_id = await buyer.held("A1")
    calls = stage.app.runtime("seats").calls
    hold = (await calls.request("seats", "GET", f"/internal/holds/{hold_id}")).json()
    assert hold["show"] == "Moth Hour"
    assert UUID(hold["account_id"])
    assert (hold["seats"], hold["total"]) == (["A1"], {"amount": 2500, "currency": "EUR"})
    over_http = await stage.app.client.get(f"/internal/holds/{hold_id}")  # the edge lets nobody through to it
    assert over_http.json() == hold


async def test_the_sweeper_removes_what_has_expired(stage: Any) -> None:
    buyer = await stage.buyer()
    await buyer.held("A1", "A2")
    await stage.let_holds_expire()
    await buyer.held("A2")
    runtime = stage.app.runtime("seats")
    assert await handlers.sweep(runtime) == 1
    assert await handlers.sweep(runtime) == 0
    assert await stage.states() == {"A2": "held"}


async def test_a_cancelled_performance_ends_its_holds(stage: Any) -> None:
    buyer = await stage.buyer()
    hold_id = await buyer.held("A1", "A2")
    await stage.app.deliver("seats", PerformanceCancelled(performance_id=stage.performance_id))
    assert (await buyer.app.client.get(f"/api/holds/{hold_id}")).status_code == 404
    assert await stage.states() == {}


async def test_a_hold_and_the_end_of_its_performance_wait_for_each_other(stage: Any) -> None:
    """Else a hold that begins at that moment keeps its seats, and its account's places, for eight minutes."""
    buyer = await stage.buyer()
    database = stage.app.runtime("seats").database
    closed = {"id": stage.performance_id, "show": "", "starts_at": now(), "zones": [], "capacity": 0}
    async with database.transaction() as tx:
        await repository.close_performances(tx, [closed])
        holding = asyncio.create_task(buyer.hold("A1"))

        async def waiting() -> int:
            async with database.reading() as connection:
                return int((await connection.exec_driver_sql(WAITING)).scalar_one())

        await eventually(waiting)
    assert (await holding).json()["type"].rsplit("/", 1)[1] == "performance-closed"
    assert await stage.states() == {}

"""No account holds the house: how many seats it keeps from others at a time is bounded."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest

from seats.settings import SeatsSettings

LIMIT = 4


@pytest.fixture(autouse=True)
def limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEATS_MAX_OPEN_SEATS", str(LIMIT))


def refusal(response: httpx.Response) -> tuple[int, str, int, int]:
    problem = response.json()
    return response.status_code, problem["type"].rsplit("/", 1)[1], problem["limit"], problem["held"]


def test_by_default_an_account_may_have_two_full_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEATS_MAX_OPEN_SEATS")
    assert SeatsSettings().max_open_seats == 16


async def test_past_the_limit_a_hold_is_refused_whole(stage: Any) -> None:
    buyer = await stage.buyer()
    await buyer.held("A1", "A2", "A3")
    assert refusal(await buyer.hold("A4", "A5")) == (409, "too-many-seats-held", LIMIT, 3)
    assert await stage.states() == {"A1": "held", "A2": "held", "A3": "held"}
    await buyer.held("A4")
    await (await stage.buyer()).held("A5", "A6")


async def test_holds_at_the_same_moment_do_not_all_pass(stage: Any) -> None:
    buyer = await stage.buyer()
    answers = await asyncio.gather(*(buyer.hold(f"A{2 * n + 1}", f"A{2 * n + 2}") for n in range(6)))
    assert Counter(answer.status_code for answer in answers) == {201: LIMIT // 2, 409: 6 - LIMIT // 2}
    assert len(await stage.states()) == LIMIT


async def test_performances_count_together(stage: Any, another: Any) -> None:
    buyer = await stage.buyer()
    await buyer.held("A1", "A2", "A3")
    elsewhere = replace(buyer, performance_id=another.performance_id)
    assert refusal(await elsewhere.hold("A1", "A2"))[:2] == (409, "too-many-seats-held")


async def test_what_is_let_go_or_run_out_does_not_count(stage: Any) -> None:
    buyer = await stage.buyer()
    hold = await buyer.held("A1", "A2", "A3", "A4")
    assert (await buyer.app.client.delete(f"/api/holds/{hold}")).status_code == 204
    await buyer.held("A1", "A2", "A3", "A4")
    await stage.let_holds_expire()
    await buyer.held("A5", "A6", "A7", "A8")


async def test_an_order_counts_until_it_is_paid_or_declined(stage: Any) -> None:
    """Seats knows nothing of an order that is placed: its hold keeps them, and counts."""
    buyer = await stage.buyer()
    first = await buyer.held("A1", "A2")
    second = await buyer.held("A3", "A4")
    assert refusal(await buyer.hold("A5"))[3] == LIMIT
    await stage.app.deliver("seats", stage.paid(first, "A1", "A2"))
    await buyer.held("A5", "A6")
    assert refusal(await buyer.hold("A7"))[3] == LIMIT
    await stage.app.deliver("seats", stage.declined(stage.paid(second, "A3", "A4")))
    await buyer.held("A7", "A8")


async def test_seats_that_somebody_else_has_are_told_before_the_limit(stage: Any) -> None:
    await (await stage.buyer()).held("A1")
    response = await (await stage.buyer()).hold("A1")
    assert response.json()["type"].endswith("/seats-taken")


async def listed(buyer: Any, query: str = "") -> Any:
    answer = await buyer.app.client.get(f"/api/holds{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_my_open_holds_are_listed(stage: Any) -> None:
    buyer, other = await stage.buyer(), await stage.buyer()
    assert await listed(buyer) == {"items": [], "next_cursor": None}
    holds = [str(await buyer.held(f"A{number}")) for number in range(1, 5)]
    await other.held("A9")
    first = await listed(buyer, "?limit=3")
    rest = await listed(buyer, f"?limit=3&cursor={first['next_cursor']}")
    items = first["items"] + rest["items"]
    assert [each["id"] for each in items] == holds
    assert rest["next_cursor"] is None
    assert items[0] == (await buyer.app.client.get(f"/api/holds/{holds[0]}")).json()
    await buyer.app.client.delete(f"/api/holds/{holds[1]}")
    await stage.app.deliver("seats", stage.paid(UUID(holds[2]), "A3"))
    assert [each["id"] for each in (await listed(buyer))["items"]] == [holds[0], holds[3]]
    await stage.let_holds_expire()
    assert (await listed(buyer))["items"] == []


async def test_holds_are_listed_to_their_account_only(stage: Any) -> None:
    assert (await stage.app.client.get("/api/holds")).status_code == 401

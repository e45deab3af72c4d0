"""What an organiser does, and what seats tells."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from catalog.consumers import SeatsBackOnSale, SeatsSoldOut

NOBODY = UUID("0197a1b2-0000-7000-8000-00000000000f")
At = Callable[..., dict[str, Any]]
PLAN = [{"name": "House", "rows": [{"name": "A", "seats": 1}]}]
VENUE = {"name": "V", "city": "C", "country": "NL", "timezone": "UTC", "zones": PLAN}


async def test_a_performance_is_put_on_sale(programme: Any) -> None:
    venue, show = await programme.venue(), await programme.show()
    performance = await programme.performance(show, venue)
    assert (performance["show"], performance["venue"], performance["city"]) == ("Night Swim", "The Shed", "Utrecht")
    assert (await programme.get(f"/api/performances/{performance['id']}")).json() == performance
    assert (await programme.get(f"/api/shows/{show['id']}")).json()["performances"] == [performance]
    [(kind, data)] = await programme.app.published("catalog")
    assert kind == "performance.scheduled"
    assert (data["performance_id"], data["show"], data["timezone"]) == (
        performance["id"],
        "Night Swim",
        "Europe/Amsterdam",
    )
    assert data["zones"][1] == {
        "name": "Balcony",
        "rows": [{"name": "C", "seats": 5}],
        "price": {"amount": 2000, "currency": "EUR"},
    }


async def test_a_show_is_in_the_programme_before_it_has_dates(programme: Any) -> None:
    show = await programme.show("Undated")
    dated = await programme.show("Dated")
    await programme.performance(dated, await programme.venue())
    listed = (await programme.get("/api/shows")).json()["items"]
    assert [each["title"] for each in listed] == ["Dated", "Undated"]
    assert listed[1]["next_performance"] is None
    assert (await programme.get(f"/api/shows/{show['id']}")).json()["performances"] == []


@pytest.mark.parametrize(
    "path", ["venues", "shows", f"shows/{NOBODY}/performances", f"performances/{NOBODY}/cancellation"]
)
async def test_only_organisers_may(programme: Any, path: str) -> None:
    client = programme.app.client
    assert (await client.post(f"/api/{path}", json={})).status_code == 401
    await programme.app.sign_in(roles=["customer"])
    assert (await client.post(f"/api/{path}", json={})).status_code == 403


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "a\x00"},
        {"name": "x" * 121},
        {"country": "nl"},
        {"timezone": "Europe/Nowhere"},
        {"zones": []},
        {"zones": PLAN * 2},
        {"zones": [{"name": "House", "rows": [{"name": "A B", "seats": 1}]}]},
        {"zones": [{"name": "House", "rows": [{"name": "A", "seats": 0}]}]},
        {"zones": [{"name": "House", "rows": [{"name": "A", "seats": True}]}]},
        {"zones": [{"name": "House", "rows": [{"name": f"R{n}-", "seats": 500} for n in range(11)]}]},
        {"owner": "me"},
    ],
    ids=lambda changes: str(changes)[:50],
)
async def test_bad_venues_are_refused(programme: Any, changes: dict[str, Any]) -> None:
    assert (await programme.post("/api/venues", VENUE | changes)).status_code == 422


@pytest.mark.parametrize(
    "changes",
    [
        {"starts_at": "2020-01-01T00:00:00Z"},
        {"starts_at": "2030-01-01T00:00:00"},
        {"starts_at": "9999-12-31T23:59:59-23:59"},
        {"starts_at": 4102444800},
        {"venue_id": str(NOBODY)},
        {"prices": {}},
        {"prices": {"Stalls": {"amount": 1, "currency": "EUR"}}},
        {"prices": {zone: {"amount": 1, "currency": "euro"} for zone in ("Stalls", "Balcony")}},
        {"prices": {zone: {"amount": -1, "currency": "EUR"} for zone in ("Stalls", "Balcony")}},
        {"prices": {zone: {"amount": "5", "currency": "EUR"} for zone in ("Stalls", "Balcony")}},
    ],
    ids=lambda changes: str(changes)[:50],
)
async def test_bad_performances_are_refused(programme: Any, at: At, changes: dict[str, Any]) -> None:
    venue, show = await programme.venue(), await programme.show()
    response = await programme.post(f"/api/shows/{show['id']}/performances", at(venue, **changes))
    assert response.status_code == 422
    assert await programme.app.published("catalog") == []


async def test_a_performance_needs_its_show(programme: Any, at: At) -> None:
    venue = await programme.venue()
    assert (await programme.post(f"/api/shows/{uuid4()}/performances", at(venue))).status_code == 404


async def test_a_performance_is_cancelled_once(programme: Any) -> None:
    performance = await programme.performance(await programme.show(), await programme.venue())
    path = f"/api/performances/{performance['id']}/cancellation"
    answers = [await programme.post(path) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json() == performance | {"cancelled": True}
    kinds = [kind for kind, _ in await programme.app.published("catalog")]
    assert kinds == ["performance.scheduled", "performance.cancelled"]
    assert (await programme.post(f"/api/performances/{uuid4()}/cancellation")).status_code == 404
    [listed] = (await programme.get("/api/shows")).json()["items"]
    assert listed["next_performance"] is None


async def test_a_performance_is_sold_out_and_back_on_sale(programme: Any) -> None:
    performance = await programme.performance(await programme.show(), await programme.venue())
    path = f"/api/performances/{performance['id']}"
    assert (await programme.get(path)).json()["sold_out"] is False
    await programme.app.deliver("catalog", SeatsSoldOut(performance_id=performance["id"]))
    assert (await programme.get(path)).json()["sold_out"] is True
    await programme.app.deliver("catalog", SeatsBackOnSale(performance_id=performance["id"]))
    assert (await programme.get(path)).json()["sold_out"] is False


async def test_news_of_an_unknown_performance_is_harmless(programme: Any) -> None:
    await programme.app.deliver("catalog", SeatsSoldOut(performance_id=uuid4()))

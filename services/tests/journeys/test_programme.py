"""The programme: what everybody reads, and how caches may keep it."""

from uuid import uuid4

import pytest

from chassis.testing import eventually
from support.customer import Customer
from support.organiser import Organiser, in_days
from support.shapes import ListedShow, Page, Performance, SeatMap, Show, Venue

Programme = Page[ListedShow]
SEEDED = 5
"""The version of the ids of what a stack is seeded with: the same each time."""


async def test_a_fresh_stack_has_a_programme(visitor: Customer) -> None:
    programme = await visitor.read("/api/shows", Programme, limit=100, to=in_days(100))
    seeded = [show for show in programme.items if show.id.version == SEEDED]
    seats = {}
    for listed in seeded:
        show = await visitor.read(f"/api/shows/{listed.id}", Show)
        assert len(show.performances) == 5
        assert listed.next_performance == show.performances[0]
        for performance in show.performances[:3]:
            seats[performance.venue] = performance

    assert len(seeded) == 12
    sizes = {venue: len((await visitor.seat_map(each.id)).seats) for venue, each in seats.items()}
    assert sorted(sizes.values()) == [40, 400, 2000]


async def test_the_programme_in_pages(visitor: Customer) -> None:
    whole = await visitor.read("/api/shows", Programme, limit=12)
    first = await visitor.read("/api/shows", Programme, limit=5)
    second = await visitor.read("/api/shows", Programme, limit=7, cursor=first.next_cursor)

    assert [show.id for show in first.items + second.items] == [show.id for show in whole.items]


async def test_searching(organiser: Organiser, visitor: Customer) -> None:
    word = f"Q{uuid4().hex[:10]}"
    venue, show = await organiser.open_venue(city=f"{word}ville"), await organiser.announce_show(f"The {word} Affair")
    await organiser.schedule(show.id, venue.id, starts_at=in_days(400))

    async def found(**query: str) -> list[str]:
        page = await visitor.read("/api/shows", Programme, **query)
        return [each.title for each in page.items]

    assert await found(q=word[:8].lower()) == [show.title]
    assert await found(q=f"{word} affair", city=f"{word}ville") == [show.title]
    assert await found(city=f"{word}ville", **{"from": in_days(399), "to": in_days(401)}) == [show.title]
    assert await found(city=f"{word}ville", to=in_days(399)) == []
    assert await found(q=f"{word} comedy") == []


@pytest.mark.parametrize("rest", ["", "/seats"])
async def test_who_has_the_newest_state_is_told_so(rest: str, visitor: Customer, performance: Performance) -> None:
    path = f"/api/performances/{performance.id}{rest}"
    first = await visitor.get(path)

    again = await visitor.get(path, headers={"if-none-match": first.headers["etag"]})

    assert first.headers["cache-control"].startswith("public")
    assert (again.status_code, again.content) == (304, b"")
    assert (await visitor.get(path, headers={"if-none-match": '"another"'})).status_code == 200


async def test_a_change_of_the_seats_changes_their_tag(customer: Customer, performance: Performance) -> None:
    path = f"/api/performances/{performance.id}/seats"
    before = await customer.get(path)
    await customer.hold(performance.id)

    after = await customer.get(path, headers={"if-none-match": before.headers["etag"]})

    assert after.status_code == 200
    assert SeatMap.model_validate_json(after.content).labels("held") == ["A1"]


async def test_sold_out(organiser: Organiser, customer: Customer) -> None:
    performance = await organiser.put_on_sale(zones=[{"name": "Floor", "rows": [{"name": "A", "seats": 2}]}])
    order = await customer.buy(performance.id, 2)

    async def is_sold_out() -> bool:
        return (await organiser.read(f"/api/performances/{performance.id}", Performance)).sold_out

    await eventually(is_sold_out)
    await customer.cancel(order)
    await eventually(is_sold_out, lambda sold_out: not sold_out)


async def test_what_is_not_there(visitor: Customer) -> None:
    for path in ("shows/{}", "performances/{}", "performances/{}/seats", "performances/{}/seats/stream"):
        await visitor.refused("GET", f"/api/{path.format(uuid4())}", 404)


async def test_an_organiser_puts_on_a_show(organiser: Organiser, visitor: Customer) -> None:
    venue = await organiser.open_venue()
    response = await organiser.request("POST", "/api/shows", json={"title": "Hello", "genre": "Mime"})
    show = await organiser.read(response.headers["location"], Show)
    performance = await organiser.schedule(show.id, venue.id)

    assert (show.title, show.performances) == ("Hello", [])
    assert (performance.show, performance.venue, performance.city) == (show.title, venue.name, venue.city)
    assert (await organiser.read(f"/api/shows/{show.id}", Show)).performances == [performance]
    await organiser.until_on_sale(performance)
    seats = await visitor.seat_map(performance.id)
    assert [seat.label for seat in seats.seats] == [f"{row}{number}" for row in "AB" for number in range(1, 11)]
    assert {(seat.zone, seat.state, seat.price.amount) for seat in seats.seats} == {
        ("Floor", "available", 25_00),
        ("Balcony", "available", 15_00),
    }


async def test_only_organisers_put_on_shows(
    organiser: Organiser, customer: Customer, visitor: Customer, performance: Performance
) -> None:
    venue = Venue.model_validate((await organiser.open_venue()).model_dump(mode="json"))
    calls = {
        "/api/venues": venue.model_dump(mode="json", exclude={"id"}),
        "/api/shows": {"title": "Mine", "genre": "Farce"},
        f"/api/shows/{performance.show_id}/performances": {"venue_id": str(venue.id), "starts_at": in_days(3)},
        f"/api/performances/{performance.id}/cancellation": None,
    }

    for path, body in calls.items():
        await customer.refused("POST", path, 403, "forbidden", json=body)
        await visitor.refused("POST", path, 401, "unauthenticated", json=body)


async def test_the_rules_of_a_performance(organiser: Organiser) -> None:
    venue, show = await organiser.open_venue(), await organiser.announce_show()
    path, price = f"/api/shows/{show.id}/performances", {"amount": 1, "currency": "EUR"}
    good = {"venue_id": str(venue.id), "starts_at": in_days(1), "prices": {"Floor": price, "Balcony": price}}
    broken: list[dict[str, object]] = [
        {"starts_at": in_days(-1)},
        {"starts_at": in_days(6 * 366)},
        {"venue_id": str(uuid4())},
        {"prices": {"Floor": price}},
        {"prices": {"Floor": price, "Balcony": price, "Roof": price}},
        {"prices": {"Floor": price, "Balcony": {**price, "currency": "USD"}}},
    ]

    for change in broken:
        await organiser.refused("POST", path, 422, "invalid-input", json={**good, **change})
    await organiser.refused("POST", f"/api/shows/{uuid4()}/performances", 404, json=good)
    assert (await organiser.request("POST", path, json=good)).status_code == 201

"""The seat map: what everybody sees, and how a change reaches those who look at it."""

from contextlib import aclosing
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from chassis.live import ServerEvent
from chassis.live.sse import Events
from seats.live import stream


async def test_the_map_has_every_seat_with_price_and_state(stage: Any) -> None:
    await (await stage.buyer()).held("A2")
    response = await stage.app.client.get(f"/api/performances/{stage.performance_id}/seats")
    seat_map = response.json()
    assert seat_map["performance_id"] == str(stage.performance_id)
    assert len(seat_map["seats"]) == 15
    assert seat_map["seats"][1] == {
        "label": "A2",
        "zone": "Stalls",
        "state": "held",
        "price": {"amount": 2500, "currency": "EUR"},
    }
    assert seat_map["seats"][-1]["zone"] == "Balcony"


async def test_the_map_is_sent_again_only_when_it_has_changed(stage: Any) -> None:
    path = f"/api/performances/{stage.performance_id}/seats"
    first = await stage.app.client.get(path)
    known = {"if-none-match": first.headers["etag"]}
    again = await stage.app.client.get(path, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    await (await stage.buyer()).held("A2")
    changed = await stage.app.client.get(path, headers=known)
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]


async def test_an_unknown_performance_has_no_map(stage: Any) -> None:
    for path in (f"/api/performances/{uuid4()}/seats", f"/api/performances/{uuid4()}/seats/stream"):
        assert (await stage.app.client.get(path)).status_code == 404


async def test_changes_are_told_live(stage: Any) -> None:
    buyer = await stage.buyer()
    await buyer.held("A1")
    async with looking(stage) as events:
        snapshot = await told(events)
        assert (snapshot.event, snapshot.data) == ("snapshot", {"A1": "held"})
        hold = await buyer.held("A2", "A3")
        assert [(await told(events)).data for _ in range(2)] == [
            {"label": "A2", "state": "held"},
            {"label": "A3", "state": "held"},
        ]
        await stage.app.deliver("seats", stage.paid(hold, "A2", "A3"))
        assert [(await told(events)).data for _ in range(2)] == [
            {"label": "A2", "state": "sold"},
            {"label": "A3", "state": "sold"},
        ]


async def test_what_was_missed_is_told_at_the_next_heartbeat(stage: Any) -> None:
    runtime = stage.app.runtime("seats")
    runtime.broadcast._tick_seconds = 0.01
    async with looking(stage) as events:
        assert (await told(events)).data == {}
        assert await anext(events) is None
        async with runtime.database.transaction() as tx:
            await tx.execute(
                text("INSERT INTO claims VALUES (:id, 'A1', :id, now() + interval '1 minute')"),
                {"id": stage.performance_id},
            )
        assert (await told(events)).data == {"A1": "held"}


def looking(stage: Any) -> "aclosing[Events]":
    """Somebody looks at the seat map."""
    return aclosing(stream(stage.app.runtime("seats"), stage.performance_id))


async def told(events: Events) -> ServerEvent:
    """What comes next, heartbeats apart."""
    while (event := await anext(events)) is None:
        pass
    return event

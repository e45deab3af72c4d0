"""The HTTP interface: mine is shown, another's is not there."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from notifications import handlers, wording

KEY = bytes(range(32))
SECRETS = {"services/notifications": {"ticket_key": KEY.hex()}}


@pytest.fixture
async def app(run: Any) -> Any:
    return await run("notifications", secrets=SECRETS)


async def confirm(app: Any, *orders: Any) -> None:
    async with app.runtime("notifications").database.transaction() as tx:
        await handlers.issue_tickets(tx, orders, key=KEY)


async def test_tickets_are_listed_newest_first_and_page_by_page(app: Any, new_order: Callable[..., Any]) -> None:
    account = await app.sign_in()
    orders = [new_order(account, "A1", "A2", starts_at=datetime(2026, 5, day, 18, tzinfo=UTC)) for day in (1, 2, 3)]
    for order in orders:
        await confirm(app, order)
    await confirm(app, new_order(uuid4()))
    seen, cursor = [], ""
    while cursor is not None:
        answer = await app.client.get("/api/tickets", params={"limit": 4} | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200
        seen += answer.json()["items"]
        cursor = answer.json()["next_cursor"]
    assert [(ticket["order_id"], ticket["seat"]) for ticket in seen] == [
        (str(order.order_id), seat) for order in reversed(orders) for seat in ("A1", "A2")
    ]
    assert set(seen[0]) == {"id", "order_id", "performance_id", "seat", "show", "starts_at", "code", "state"}
    assert (seen[0]["starts_at"], seen[0]["state"]) == ("2026-05-03T18:00:00Z", "valid")


async def test_a_ticket_and_its_code_are_shown_to_the_holder_only(app: Any, new_order: Callable[..., Any]) -> None:
    account = await app.sign_in()
    await confirm(app, new_order(account, "A1"))
    [ticket] = (await app.client.get("/api/tickets")).json()["items"]
    place = f"/api/tickets/{ticket['id']}"
    assert (await app.client.get(place)).json() == ticket
    image = await app.client.get(f"{place}/qr.svg")
    assert (image.status_code, image.headers["content-type"]) == (200, "image/svg+xml")
    assert "no-store" in image.headers["cache-control"]  # kept, it would be shown to the next person at this machine
    assert image.text.startswith("<svg")

    stranger = app.another_client()
    assert [(await stranger.client.get(path)).status_code for path in (place, f"{place}/qr.svg")] == [401, 401]
    await stranger.sign_in()
    for path in (place, f"{place}/qr.svg"):
        answer = await stranger.client.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert (await stranger.client.get("/api/tickets")).json() == {"items": [], "next_cursor": None}


async def test_a_void_ticket_says_so(app: Any, new_order: Callable[..., Any]) -> None:
    order = new_order(await app.sign_in(), "A1")
    await confirm(app, order)
    async with app.runtime("notifications").database.transaction() as tx:
        await handlers.close_orders(tx, [order.order_id])
    [ticket] = (await app.client.get("/api/tickets")).json()["items"]
    assert ticket["state"] == "void"


async def test_the_inbox_is_newest_first_and_mine(app: Any, new_order: Callable[..., Any]) -> None:
    account = await app.sign_in()
    async with app.runtime("notifications").database.transaction() as tx:
        await handlers.tell(tx, [wording.welcome(account)])
    order = new_order(account)
    await confirm(app, order)
    await confirm(app, new_order(uuid4()))
    first = (await app.client.get("/api/notifications", params={"limit": 1})).json()
    rest = (await app.client.get("/api/notifications", params={"cursor": first["next_cursor"]})).json()
    [newest], [oldest] = first["items"], rest["items"]
    assert (newest["kind"], newest["order_id"]) == ("order-confirmed", str(order.order_id))
    assert (oldest["kind"], oldest["order_id"], rest["next_cursor"]) == ("welcome", None, None)
    assert set(newest) == {"id", "kind", "order_id", "subject", "body", "created_at"}


@pytest.mark.parametrize(
    "path",
    [
        "/api/tickets/not-an-id",
        "/api/tickets?cursor=nonsense",
        "/api/notifications?cursor=nonsense",
        "/api/tickets?limit=0",
        "/api/tickets?limit=101",
        "/api/tickets?limit=many",
    ],
)
async def test_malformed_requests_are_refused(app: Any, path: str) -> None:
    await app.sign_in()
    answer = await app.client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


async def test_a_cursor_of_another_list_is_refused_with_its_own_type(app: Any) -> None:
    await app.sign_in()
    answer = await app.client.get("/api/notifications?cursor=W10")
    assert answer.json()["type"].endswith("/invalid-cursor")


async def test_a_ticket_that_never_was_is_not_there(app: Any) -> None:
    await app.sign_in()
    assert (await app.client.get(f"/api/tickets/{UUID(int=0)}")).status_code == 404

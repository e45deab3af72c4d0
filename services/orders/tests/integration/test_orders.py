"""Orders on a real database: from a hold to the end, whatever comes twice, late or at the same time."""

import asyncio
import hashlib
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import func, select, update

from chassis.messaging import Event
from orders.consumers import (
    PaymentCaptured,
    PaymentDeclined,
    PaymentRefunded,
    PerformanceCancelled,
    SeatsReleased,
    SeatsSold,
)
from orders.handlers import NotCancellable, cancel_order
from orders.main import service
from orders.schemas import PlaceOrder
from orders.tables import orders


async def test_an_order_goes_from_placed_to_confirmed(desk: Any) -> None:
    answer = await desk.place()
    order = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (202, f"/api/orders/{order['id']}")
    assert order["status"] == "placed"
    assert order["total"] == {"amount": 8500, "currency": "EUR"}
    order_id = UUID(order["id"])
    await desk.happen(PaymentCaptured(order_id=order_id))
    assert await desk.status(order_id) == "paid"
    await desk.happen(SeatsSold(order_id=order_id))
    assert await desk.status(order_id) == "confirmed"
    assert await desk.history(order_id) == ["order.placed", "order.paid", "order.confirmed"]


async def test_no_event_has_the_payment_token(desk: Any) -> None:
    await desk.placed()
    [(kind, data)] = await desk.app.published("orders")
    assert kind == "order.placed"
    assert "tok_visa" not in repr(data)


async def test_a_key_and_what_came_with_it_cannot_be_read_from_what_is_kept(desk: Any) -> None:
    key = "order of ada@example.org".replace(" ", "-")
    hold = desk.holds.add(desk.account_id)
    await desk.place(hold, key=key, token="tok_slow")
    async with desk.app.runtime("orders").database.reading() as connection:
        row = (await connection.execute(select(orders))).one()
    body = PlaceOrder(hold_id=hold.id, payment_token="tok_slow").model_dump_json().encode()
    assert "ada" not in repr(row)
    assert row.fingerprint not in (hashlib.sha256(body).digest(), hashlib.sha256(desk.account_id.bytes + body).digest())
    assert (await desk.place(hold, key=key, token="tok_slow")).status_code == 202
    assert (await desk.place(hold, key=key, token="tok_visa")).status_code == 422


async def test_the_same_key_gives_the_same_order(desk: Any) -> None:
    hold = desk.holds.add(desk.account_id)
    answers = await asyncio.gather(*(desk.place(hold, key="once") for _ in range(10)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    del desk.holds.held[hold.id]
    assert (await desk.place(hold, key="once")).json()["id"] == answers[0].json()["id"]


async def test_a_key_with_another_body_is_refused(desk: Any) -> None:
    await desk.place(key="once")
    answer = await desk.place(key="once")
    assert answer.status_code == 422
    assert answer.json()["type"].endswith("/idempotency-key-reused")


async def test_a_hold_is_ordered_once(desk: Any) -> None:
    hold = desk.holds.add(desk.account_id)
    answers = await asyncio.gather(*(desk.place(hold) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 7


@pytest.mark.parametrize("owner", ["nobody", "somebody else"])
async def test_a_hold_that_is_gone_or_not_mine_is_expired(desk: Any, owner: str) -> None:
    hold = desk.holds.add(uuid4())
    if owner == "nobody":
        desk.holds.held.clear()
    answer = await desk.place(hold)
    assert answer.status_code == 409
    assert answer.json()["type"].endswith("/hold-expired")


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=1), timedelta(days=1)], ids=str)
async def test_once_the_show_has_begun_a_hold_is_not_ordered(desk: Any, late: timedelta) -> None:
    answer = await desk.place(desk.holds.add(desk.account_id, starts_in=-late))
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (409, "performance-closed")
    assert (await desk.app.client.get("/api/orders")).json()["items"] == []
    assert await desk.app.published("orders") == []


async def test_an_order_from_before_the_show_is_given_again_after_its_beginning(desk: Any) -> None:
    hold = desk.holds.add(desk.account_id)
    order = (await desk.place(hold, key="once")).json()
    desk.holds.held[hold.id] = hold.model_copy(update={"starts_at": hold.starts_at - timedelta(days=2)})
    again = await desk.place(hold, key="once")
    assert (again.status_code, again.json()["id"]) == (202, order["id"])


async def test_orders_of_others_are_not_there(desk: Any) -> None:
    order_id = await desk.placed()
    await desk.app.sign_in()
    for path in ("", "/history", "/stream"):
        assert (await desk.app.client.get(f"/api/orders/{order_id}{path}")).status_code == 404
    assert (await desk.app.client.post(f"/api/orders/{order_id}/cancellation")).status_code == 404
    assert (await desk.app.client.get("/api/orders")).json() == {"items": [], "next_cursor": None}


async def test_my_orders_come_in_pages_newest_first(desk: Any) -> None:
    placed = [str(await desk.placed()) for _ in range(5)]
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = (await desk.app.client.get(f"/api/orders?limit=2{cursor and '&cursor=' + cursor}")).json()
        seen += [order["id"] for order in page["items"]]
        cursor = page["next_cursor"]
    assert seen == placed[::-1]


async def test_a_declined_payment_ends_the_order(desk: Any) -> None:
    order_id = await desk.placed()
    await desk.happen(PaymentDeclined(order_id=order_id, reason="declined"))
    assert await desk.status(order_id) == "declined"
    assert (await desk.app.client.post(f"/api/orders/{order_id}/cancellation")).status_code == 409


async def test_lost_seats_are_refunded(desk: Any) -> None:
    order_id = await desk.placed()
    await desk.happen(PaymentCaptured(order_id=order_id), SeatsReleased(order_id=order_id, reason="lost"))
    assert await desk.status(order_id) == "cancelled"
    await desk.happen(PaymentRefunded(order_id=order_id))
    assert await desk.history(order_id) == ["order.placed", "order.paid", "order.cancelled", "order.refunded"]


async def test_a_cancelled_order_is_refunded_and_a_second_cancellation_changes_nothing(desk: Any) -> None:
    order_id = await desk.placed()
    await desk.happen(PaymentCaptured(order_id=order_id), SeatsSold(order_id=order_id))
    answers = [await desk.app.client.post(f"/api/orders/{order_id}/cancellation") for _ in range(2)]
    assert [(answer.status_code, answer.json()["status"]) for answer in answers] == [(202, "cancelled")] * 2
    await desk.happen(PaymentRefunded(order_id=order_id), SeatsReleased(order_id=order_id, reason="cancelled"))
    assert await desk.status(order_id) == "refunded"


async def test_a_show_that_has_begun_cannot_be_cancelled(desk: Any) -> None:
    hold = desk.holds.add(desk.account_id)
    order_id = UUID((await desk.place(hold)).json()["id"])
    runtime = desk.app.runtime("orders")
    with pytest.raises(NotCancellable):
        await cancel_order(
            runtime.database, runtime.broadcast, account_id=desk.account_id, order_id=order_id, now=hold.starts_at
        )
    assert await desk.status(order_id) == "placed"


async def test_a_cancelled_performance_takes_its_orders_back(desk: Any) -> None:
    performance_id = uuid4()
    mine = [await desk.placed(performance_id=performance_id) for _ in range(3)]
    other = await desk.placed()
    await desk.happen(PerformanceCancelled(performance_id=performance_id))
    assert [await desk.status(order_id) for order_id in [*mine, other]] == ["cancelled"] * 3 + ["placed"]


async def test_redelivery_and_late_events_change_nothing(desk: Any) -> None:
    order_id = await desk.placed()
    ids = [uuid4(), uuid4()]
    paid: list[Event] = [PaymentCaptured(order_id=order_id), SeatsSold(order_id=order_id)]
    for _ in range(3):
        await desk.happen(*paid, ids=ids)
    await desk.happen(*paid)
    await desk.happen(PaymentDeclined(order_id=order_id, reason="late"), PaymentCaptured(order_id=uuid4()))
    assert await desk.history(order_id) == ["order.placed", "order.paid", "order.confirmed"]


async def test_an_order_is_counted_once_whatever_comes_again(desk: Any) -> None:
    before = counted()
    answers = [await desk.place(desk.holds.add(desk.account_id), key="again") for _ in range(2)]
    order_id = UUID(answers[0].json()["id"])
    for _ in range(2):
        await desk.happen(PaymentCaptured(order_id=order_id), SeatsSold(order_id=order_id))
    assert [now - then for now, then in zip(counted(), before, strict=True)] == [1, 1, 1, 1]


def counted() -> list[float]:
    """How many orders this process has counted as placed, as confirmed, and as having become paid and confirmed."""
    became = [("orders_changed_total", {"status": status}) for status in ("paid", "confirmed")]
    samples = [("orders_placed_total", {}), ("orders_confirmed_total", {}), *became]
    return [REGISTRY.get_sample_value(name, labels) or 0.0 for name, labels in samples]


async def test_a_replay_rebuilds_the_projection_from_the_log(desk: Any) -> None:
    order_id = await desk.placed()
    await desk.happen(PaymentCaptured(order_id=order_id))
    runtime = desk.app.runtime("orders")
    async with runtime.database.transaction() as tx:
        await tx.execute(update(orders).values(status="nonsense", version=99))
    assert service.replay is not None
    assert await service.replay(runtime) == 1
    assert await desk.status(order_id) == "paid"


async def test_taking_an_order_is_one_transaction(desk: Any) -> None:
    await desk.placed()
    async with desk.app.runtime("orders").database.reading() as connection:
        rows = await connection.scalar(select(func.count()).select_from(orders))
        events = (await connection.exec_driver_sql("SELECT count(*), count(DISTINCT xmin::text) FROM event_log")).one()
        together = await connection.exec_driver_sql(
            "SELECT count(*) FROM orders JOIN event_log ON event_log.key = orders.id::text "
            "WHERE orders.xmin = event_log.xmin"
        )
    assert (rows, tuple(events), together.scalar_one()) == (1, (1, 1), 1)

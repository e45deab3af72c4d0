"""Orders when two things happen at the same moment: one waits for the other, and no customer hears of it."""

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar
from uuid import uuid4

from chassis.messaging import outbox
from chassis.testing import eventually
from orders import handlers
from orders.consumers import PaymentCaptured, PerformanceCancelled
from orders.events import OrderPaid

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
Answer = TypeVar("Answer")


async def begun(desk: Any, work: Awaitable[Answer]) -> "asyncio.Task[Answer]":
    """`work` under way, until it waits for a lock in the database."""
    task = asyncio.ensure_future(work)

    async def waiting() -> int:
        async with desk.database.reading() as connection:
            return int((await connection.exec_driver_sql(WAITING)).scalar_one())

    await eventually(waiting)
    return task


async def test_no_order_is_taken_once_its_performance_is_cancelled(desk: Any) -> None:
    hold = desk.holds.add(desk.account_id)
    await desk.happen(PerformanceCancelled(performance_id=hold.performance_id))
    answer = await desk.place(hold)
    assert (answer.status_code, answer.json()["type"].rsplit("/", 1)[1]) == (409, "performance-closed")


async def test_an_order_of_a_cancelled_performance_is_still_the_answer_to_its_key(desk: Any) -> None:
    hold = desk.holds.add(desk.account_id)
    first = await desk.place(hold, key="once")
    await desk.happen(PerformanceCancelled(performance_id=hold.performance_id))
    again = await desk.place(hold, key="once")
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])


async def test_an_order_waits_for_the_cancellation_that_is_under_way(desk: Any) -> None:
    hold = desk.holds.add(desk.account_id)
    async with desk.database.transaction() as tx:
        await handlers.cancel_performances(tx, desk.broadcast, [hold.performance_id])
        placing = await begun(desk, desk.place(hold))
    assert (await placing).status_code == 409


async def test_a_cancellation_waits_for_the_order_that_is_under_way(desk: Any) -> None:
    hold = desk.holds.add(desk.account_id)
    async with desk.database.transaction() as tx:
        order_id = await desk.insert(tx, hold)
        cancelling = await begun(desk, desk.happen(PerformanceCancelled(performance_id=hold.performance_id)))
    await cancelling
    assert await desk.history(order_id) == ["order.placed", "order.cancelled"]


async def test_a_customer_can_cancel_at_the_moment_of_payment(desk: Any) -> None:
    order_ids = [await desk.placed() for _ in range(10)]
    *_, answers = await asyncio.gather(
        *(desk.happen(PaymentCaptured(order_id=order_id)) for order_id in order_ids),
        asyncio.gather(*(desk.app.client.post(f"/api/orders/{order_id}/cancellation") for order_id in order_ids)),
    )
    assert [answer.status_code for answer in answers] == [202] * len(order_ids)
    for order_id in order_ids:
        assert await desk.history(order_id) in (
            ["order.placed", "order.cancelled"],
            ["order.placed", "order.paid", "order.cancelled"],
        )


async def test_a_lost_version_is_tried_again_inside(desk: Any) -> None:
    """Also against one that takes no lock: an instance of the release before, during an upgrade."""
    hold = desk.holds.add(desk.account_id)
    order_id = (await desk.place(hold)).json()["id"]
    paid = OrderPaid(
        order_id=order_id,
        account_id=desk.account_id,
        hold_id=hold.id,
        performance_id=hold.performance_id,
        seats=hold.seats,
    )
    async with desk.database.transaction() as tx:
        await outbox.append(tx, paid, versions=[2])
        cancelling = await begun(desk, desk.app.client.post(f"/api/orders/{order_id}/cancellation"))
    answer = await cancelling
    assert answer.status_code == 202, answer.text
    assert await desk.history(order_id) == ["order.placed", "order.paid", "order.cancelled"]


async def test_payments_and_the_cancellation_of_their_performance_lose_nothing(desk: Any) -> None:
    performance_id = uuid4()
    order_ids = [await desk.placed(performance_id=performance_id) for _ in range(20)]
    await asyncio.gather(
        *(desk.happen(PaymentCaptured(order_id=order_id)) for order_id in order_ids),
        desk.happen(PerformanceCancelled(performance_id=performance_id)),
    )
    assert {await desk.status(order_id) for order_id in order_ids} == {"cancelled"}
    assert {kind for kind, _ in await desk.app.published("orders")} <= {"order.placed", "order.paid", "order.cancelled"}

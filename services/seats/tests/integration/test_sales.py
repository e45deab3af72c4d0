"""Paid orders get their seats, all or none, once; orders that end give them back."""

import asyncio
from collections import Counter
from random import Random
from typing import Any
from uuid import uuid4

from prometheus_client import REGISTRY
from sqlalchemy import text

from seats import handlers, sales
from seats.consumers import PerformanceCancelled, PerformanceScheduled
from seats.domain import Money, Row, Sale, Zone

ALL = [f"A{number}" for number in range(1, 13)] + ["B1", "B2", "B3"]


async def test_a_paid_hold_is_sold(stage: Any) -> None:
    hold = await (await stage.buyer()).held("A1", "A2")
    await stage.app.deliver("seats", stage.paid(hold, "A1", "A2"))
    assert await stage.states() == {"A1": "sold", "A2": "sold"}
    assert await stage.events() == ["seats.sold A1,A2"]
    await stage.let_holds_expire()
    assert (await (await stage.buyer()).hold("A1")).status_code == 409


async def test_paid_after_the_hold_expired_it_is_sold_when_the_seats_are_free(stage: Any) -> None:
    hold = await (await stage.buyer()).held("A1", "A2")
    await stage.let_holds_expire()
    await stage.app.deliver("seats", stage.paid(hold, "A1", "A2"))
    assert await stage.events() == ["seats.sold A1,A2"]


async def test_paid_after_the_hold_expired_and_a_seat_was_taken_it_is_lost(stage: Any) -> None:
    hold = await (await stage.buyer()).held("A1", "A2")
    await stage.let_holds_expire()
    await (await stage.buyer()).held("A2")
    await stage.app.deliver("seats", stage.paid(hold, "A1", "A2"))
    assert await stage.events() == ["seats.released A1,A2 lost"]
    assert await stage.states() == {"A2": "held"}


async def test_a_redelivered_payment_has_one_effect(stage: Any) -> None:
    hold = await (await stage.buyer()).held("A1")
    paid, event_id = stage.paid(hold, "A1"), uuid4()
    for _ in range(3):
        await stage.app.deliver("seats", paid, ids=[event_id])
    await stage.app.deliver("seats", paid)
    assert await stage.events() == ["seats.sold A1"]
    assert await sold_count(stage) == 1


async def test_holds_and_sold_seats_are_counted_once(stage: Any) -> None:
    before = counted()
    buyer = await stage.buyer()
    hold = await buyer.held("A1", "A2")
    assert (await buyer.hold("A2")).status_code == 409
    for _ in range(2):
        await stage.app.deliver("seats", stage.paid(hold, "A1", "A2"))
    assert [now - then for now, then in zip(counted(), before, strict=True)] == [1, 2]


def counted() -> list[float]:
    """How many holds and sold seats this process has counted."""
    return [REGISTRY.get_sample_value(name) or 0.0 for name in ("seats_holds_total", "seats_sold_total")]


async def test_two_orders_for_the_same_seats_in_one_batch(stage: Any) -> None:
    hold = await (await stage.buyer()).held("A1", "A2")
    other = await (await stage.buyer()).held("A5")
    first, second = stage.paid(hold, "A1", "A2"), stage.paid(hold, "A2", "A3")
    await stage.app.deliver("seats", first, second, stage.paid(other, "A5"))
    assert sorted(await stage.events()) == ["seats.released A2,A3 lost", "seats.sold A1,A2", "seats.sold A5"]
    assert await stage.states() == {"A1": "sold", "A2": "sold", "A5": "sold"}
    await stage.app.deliver("seats", stage.cancelled(second))
    assert await stage.states() == {"A1": "sold", "A2": "sold", "A5": "sold"}


async def test_a_cancelled_order_gives_its_seats_back(stage: Any) -> None:
    hold = await (await stage.buyer()).held("A1", "A2")
    paid = stage.paid(hold, "A1", "A2")
    await stage.app.deliver("seats", paid, stage.cancelled(paid))
    await stage.app.deliver("seats", stage.cancelled(paid))
    assert await stage.events() == ["seats.sold A1,A2", "seats.released A1,A2 cancelled"]
    assert await stage.states() == {}
    assert await sold_count(stage) == 0


async def test_a_declined_order_gives_its_hold_back(stage: Any) -> None:
    hold = await (await stage.buyer()).held("A1")
    await stage.app.deliver("seats", stage.declined(stage.paid(hold, "A1")))
    assert await stage.events() == ["seats.released A1 declined"]
    assert await stage.states() == {}


async def test_a_payment_that_is_heard_of_after_the_cancellation_sells_nothing(stage: Any) -> None:
    hold = await (await stage.buyer()).held("A1")
    paid = stage.paid(hold, "A1")
    await stage.app.deliver("seats", stage.cancelled(paid))
    await stage.app.deliver("seats", paid)
    assert await stage.events() == ["seats.released A1 cancelled"]
    assert await stage.states() == {}


async def test_a_payment_for_a_cancelled_performance_is_lost(stage: Any) -> None:
    hold = await (await stage.buyer()).held("A1")
    await stage.app.deliver("seats", PerformanceCancelled(performance_id=stage.performance_id))
    await stage.app.deliver("seats", stage.paid(hold, "A1"))
    assert await stage.events() == ["seats.released A1 lost"]


async def test_sold_out_is_published_once_and_taken_back(stage: Any) -> None:
    orders = [stage.paid(uuid4(), *ALL[:7]), stage.paid(uuid4(), *ALL[7:])]
    await stage.app.deliver("seats", orders[0])
    await stage.app.deliver("seats", orders[1])
    await stage.app.deliver("seats", stage.cancelled(orders[0]))
    kinds = [event.split()[0] for event in await stage.events()]
    assert kinds == ["seats.sold", "seats.sold", "seats.sold_out", "seats.released", "seats.back_on_sale"]


async def test_a_performance_cancelled_before_it_was_heard_of_stays_closed(stage: Any) -> None:
    zones = [Zone(name="House", price=Money(amount=1, currency="EUR"), rows=[Row(name="A", seats=1)])]
    scheduled = PerformanceScheduled(performance_id=uuid4(), show="Late", starts_at="2040-01-01T00:00:00Z", zones=zones)
    await stage.app.deliver("seats", PerformanceCancelled(performance_id=scheduled.performance_id))
    await stage.app.deliver("seats", scheduled)
    buyer = await stage.buyer()
    body = {"performance_id": str(scheduled.performance_id), "seats": ["A1"]}
    assert (await buyer.app.client.post("/api/holds", json=body)).status_code in (409, 422)


async def test_the_books_are_right_after_a_storm(stage: Any) -> None:
    """Holds, sales, cancellations and sweeps of the same seats at once: no deadlock, nothing sold twice."""
    runtime, dice = stage.app.runtime("seats"), Random(7)

    async def settle(batch: list[Sale]) -> None:
        async with runtime.database.transaction() as tx:
            await sales.settle(tx, runtime.broadcast, batch)

    async def cancel(batch: list[Sale]) -> None:
        async with runtime.database.transaction() as tx:
            ended = {sale.order_id: (sale.hold_id, sale.performance_id) for sale in batch}
            await sales.release(tx, runtime.broadcast, ended, "cancelled")

    async def hold() -> None:
        response = await buyer.hold(*dice.sample(ALL, 3))
        assert response.status_code in (201, 409)

    def batch() -> list[Sale]:
        return [Sale(uuid4(), uuid4(), stage.performance_id, tuple(dice.sample(ALL, 2))) for _ in range(3)]

    buyer = await stage.buyer()
    for _ in range(5):
        paid = [batch() for _ in range(4)]
        await asyncio.gather(*map(settle, paid), *(hold() for _ in range(8)), handlers.sweep(runtime))
        await stage.let_holds_expire()
        await asyncio.gather(*map(cancel, paid[:3]), settle(batch()), *(hold() for _ in range(8)))
    owned: Counter[str] = Counter()
    for kind, data in await stage.app.published("seats"):
        change = {"seats.sold": 1, "seats.released": -1}.get(kind, 0) * (data.get("reason") != "lost")
        owned.update(dict.fromkeys(data.get("seats", ()), change))
        assert set(owned.values()) <= {0, 1}
    bought = {label for label, state in (await stage.states()).items() if state == "sold"}
    assert {label for label, count in owned.items() if count} == bought
    assert await sold_count(stage) == len(bought) > 0


async def sold_count(stage: Any) -> int:
    async with stage.app.runtime("seats").database.reading() as connection:
        return int(await connection.scalar(text("SELECT sum(sold) FROM performances")) or 0)

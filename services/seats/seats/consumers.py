"""What seats hears, in its own words, and what it does about it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.messaging import Event, PublicText, Received, Subscription, now
from seats import repository, sales
from seats.domain import Layout, Sale, Zone
from seats.settings import Runtime


class PerformanceScheduled(Event, topic="catalog", type="performance.scheduled", key="performance_id"):
    performance_id: UUID
    show: PublicText
    starts_at: datetime
    zones: list[Zone]


class PerformanceCancelled(Event, topic="catalog", type="performance.cancelled", key="performance_id"):
    performance_id: UUID


class OrderPaid(Event, topic="orders", type="order.paid", key="order_id"):
    order_id: UUID
    hold_id: UUID
    performance_id: UUID
    seats: list[PublicText]


class OrderEnded(Event):
    """What seats needs to know of an order that is over."""

    order_id: UUID
    hold_id: UUID
    performance_id: UUID


class OrderCancelled(OrderEnded, topic="orders", type="order.cancelled", key="order_id"):
    pass


class OrderDeclined(OrderEnded, topic="orders", type="order.declined", key="order_id"):
    pass


def subscriptions(runtime: Runtime) -> list[Subscription]:
    async def on_order_paid(tx: AsyncConnection, events: Sequence[Received[OrderPaid]]) -> None:
        await sales.settle(tx, runtime.broadcast, [_sale(event.data) for event in events])

    async def on_order_cancelled(tx: AsyncConnection, events: Sequence[Received[OrderCancelled]]) -> None:
        await release(tx, events, "cancelled")

    async def on_order_declined(tx: AsyncConnection, events: Sequence[Received[OrderDeclined]]) -> None:
        await release(tx, events, "declined")

    async def release(
        tx: AsyncConnection, events: Sequence[Received[OrderEnded]], reason: Literal["cancelled", "declined"]
    ) -> None:
        orders = {event.data.order_id: (event.data.hold_id, event.data.performance_id) for event in events}
        await sales.release(tx, runtime.broadcast, orders, reason)

    return [
        Subscription(PerformanceScheduled, on_performance_scheduled),
        Subscription(PerformanceCancelled, on_performance_cancelled),
        Subscription(OrderPaid, on_order_paid),
        Subscription(OrderCancelled, on_order_cancelled),
        Subscription(OrderDeclined, on_order_declined),
    ]


async def on_performance_scheduled(tx: AsyncConnection, events: Sequence[Received[PerformanceScheduled]]) -> None:
    await repository.add_performances(tx, [_row(event.data) for event in events])


async def on_performance_cancelled(tx: AsyncConnection, events: Sequence[Received[PerformanceCancelled]]) -> None:
    """Nobody can buy any more; orders sees to those who have."""
    unheard = {"show": "", "starts_at": now(), "zones": [], "capacity": 0}
    await repository.close_performances(tx, [{"id": event.data.performance_id, **unheard} for event in events])


def _sale(order: OrderPaid) -> Sale:
    return Sale(order.order_id, order.hold_id, order.performance_id, tuple(dict.fromkeys(order.seats)))


def _row(performance: PerformanceScheduled) -> dict[str, object]:
    return {
        "id": performance.performance_id,
        "show": performance.show,
        "starts_at": performance.starts_at,
        "zones": [zone.model_dump() for zone in performance.zones],
        "capacity": len(Layout.of(performance.zones).seats),
    }

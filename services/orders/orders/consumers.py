"""What orders does when something has happened elsewhere. Its own models of these events have only what it needs."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.live import Broadcast
from chassis.messaging import Event, Received, Slug, Subscription
from chassis.service import Runtime
from orders import domain, handlers
from orders.domain import Order

Decide = Callable[[Order, Any], Event | None]


class PaymentCaptured(Event, topic="payments", type="payment.captured", key="order_id"):
    order_id: UUID


class PaymentDeclined(Event, topic="payments", type="payment.declined", key="order_id"):
    order_id: UUID
    reason: Slug


class PaymentRefunded(Event, topic="payments", type="payment.refunded", key="order_id"):
    order_id: UUID


class SeatsSold(Event, topic="seats", type="seats.sold", key="order_id"):
    order_id: UUID


class SeatsReleased(Event, topic="seats", type="seats.released", key="order_id"):
    order_id: UUID
    reason: Slug


class PerformanceCancelled(Event, topic="catalog", type="performance.cancelled", key="performance_id"):
    performance_id: UUID


class AccountErased(Event, topic="accounts", type="account.erased", key="account_id"):
    account_id: UUID


DECISIONS: dict[type[Event], Decide] = {
    PaymentCaptured: lambda order, _: domain.pay(order),
    PaymentDeclined: lambda order, event: domain.decline(order, event.reason),
    PaymentRefunded: lambda order, _: domain.refund(order),
    SeatsSold: lambda order, _: domain.confirm(order),
    SeatsReleased: lambda order, event: domain.lose_seats(order) if event.reason == "lost" else None,
}
"""What each event lets an order decide."""


def subscriptions(runtime: Runtime) -> list[Subscription]:
    deciding = [Subscription(model, partial(_decide, runtime.broadcast, decide)) for model, decide in DECISIONS.items()]
    return [
        *deciding,
        Subscription(PerformanceCancelled, partial(_cancel, runtime.broadcast)),
        Subscription(AccountErased, _forget),
    ]


async def _decide(broadcast: Broadcast, decide: Decide, tx: AsyncConnection, events: Sequence[Received[Any]]) -> None:
    decisions = {event.data.order_id: partial(_decision, decide, event.data) for event in events}
    await handlers.advance(tx, broadcast, decisions)


def _decision(decide: Decide, event: Any, order: Order) -> Event | None:
    return decide(order, event)


async def _forget(tx: AsyncConnection, events: Sequence[Received[AccountErased]]) -> None:
    await handlers.forget_accounts(tx, [event.data.account_id for event in events])


async def _cancel(broadcast: Broadcast, tx: AsyncConnection, events: Sequence[Received[PerformanceCancelled]]) -> None:
    await handlers.cancel_performances(tx, broadcast, [event.data.performance_id for event in events])

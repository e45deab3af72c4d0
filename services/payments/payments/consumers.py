"""What payments hears, in its own words, and what it does about it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import after_commit
from chassis.messaging import Event, Received, Subscription
from payments import handlers
from payments.cashier import cashier_of
from payments.collector import collector_of
from payments.domain import Charge, State
from payments.events import Money
from payments.settings import Runtime


class OrderPlaced(Event, topic="orders", type="order.placed", key="order_id"):
    """There is an order. By what it is paid, orders knows."""

    order_id: UUID
    total: Money


class OrderCancelled(Event, topic="orders", type="order.cancelled", key="order_id"):
    """The order is off, whoever called it off."""

    order_id: UUID


def subscriptions(runtime: Runtime) -> list[Subscription]:
    cashier, collector = runtime.part(cashier_of), runtime.part(collector_of)

    async def on_order_placed(tx: AsyncConnection, events: Sequence[Received[OrderPlaced]]) -> None:
        await handlers.open_charges(tx, [_charge(event) for event in events])
        after_commit(tx, collector.wake, once="collector")

    async def on_order_cancelled(tx: AsyncConnection, events: Sequence[Received[OrderCancelled]]) -> None:
        await handlers.cancel_charges(tx, [event.data.order_id for event in events])
        after_commit(tx, cashier.wake, once="cashier")

    return [Subscription(OrderPlaced, on_order_placed), Subscription(OrderCancelled, on_order_cancelled)]


def _charge(event: Received[OrderPlaced]) -> Charge:
    order = event.data
    return Charge(
        order_id=order.order_id,
        state=State.PENDING,
        amount=order.total.amount,
        currency=order.total.currency,
        traceparent=event.traceparent,
    )

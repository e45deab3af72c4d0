"""The rules of an order. Its state is the fold of its events; a decision looks at the state and answers the next event.

A decision that no longer fits the state answers None: events may come late, twice, or after a cancellation.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from chassis.messaging import Event
from orders.events import (
    OrderCancelled,
    OrderConfirmed,
    OrderDeclined,
    OrderPaid,
    OrderPlaced,
    OrderRefunded,
)


class Status(StrEnum):
    PLACED = "placed"
    PAID = "paid"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


OVER = frozenset({Status.CONFIRMED, Status.DECLINED, Status.CANCELLED, Status.REFUNDED})

STATUS_AFTER: dict[type[Event], Status] = {
    OrderPlaced: Status.PLACED,
    OrderPaid: Status.PAID,
    OrderConfirmed: Status.CONFIRMED,
    OrderDeclined: Status.DECLINED,
    OrderCancelled: Status.CANCELLED,
    OrderRefunded: Status.REFUNDED,
}


@dataclass(frozen=True, slots=True)
class Order:
    """An order as its events tell it; `version` counts them."""

    placed: OrderPlaced
    status: Status = Status.PLACED
    version: int = 1

    def after(self, event: Event) -> "Order":
        """This order once `event` has happened."""
        return replace(self, status=STATUS_AFTER[type(event)], version=self.version + 1)

    def has_begun(self, now: datetime) -> bool:
        return self.placed.starts_at <= now

    def _identity(self) -> dict[str, Any]:
        return self.placed.model_dump(include={"order_id", "account_id", "hold_id", "performance_id"})


def fold(events: Iterable[Event]) -> Order:
    """The order that `events`, in order of version, tell of. The first one must be `order.placed`."""
    placed, *later = events
    if not isinstance(placed, OrderPlaced):
        raise TypeError(f"a log begins with order.placed, not with {placed.type}")
    order = Order(placed)
    for event in later:
        order = order.after(event)
    return order


def pay(order: Order) -> OrderPaid | None:
    """The payment was captured. (When the order was cancelled before, payments refunds on its own account.)"""
    if order.status is not Status.PLACED:
        return None
    return OrderPaid(**order._identity(), seats=order.placed.seats)


def decline(order: Order, reason: str) -> OrderDeclined | None:
    """The payment was declined."""
    if order.status is not Status.PLACED:
        return None
    return OrderDeclined(**order._identity(), show=order.placed.show, reason=reason)


def confirm(order: Order) -> OrderConfirmed | None:
    """The seats are sold to this order."""
    if order.status is not Status.PAID:
        return None
    placed = order.placed
    return OrderConfirmed(**placed.model_dump(include=set(OrderConfirmed.model_fields)))


def lose_seats(order: Order) -> OrderCancelled | None:
    """The hold had run out and somebody else has the seats."""
    return cancel(order, "seats-lost") if order.status is Status.PAID else None


def cancel(order: Order, reason: Literal["customer", "seats-lost", "performance-cancelled"]) -> OrderCancelled | None:
    """Take the order back; what was paid is refunded. None when there is nothing to take back."""
    if order.status not in (Status.PLACED, Status.PAID, Status.CONFIRMED):
        return None
    return OrderCancelled(**order._identity(), show=order.placed.show, reason=reason)


def refund(order: Order) -> OrderRefunded | None:
    """The money of a cancelled order is back."""
    if order.status is not Status.CANCELLED:
        return None
    placed = order.placed
    return OrderRefunded(order_id=placed.order_id, account_id=placed.account_id, show=placed.show, total=placed.total)

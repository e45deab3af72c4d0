"""What orders publishes. These events are also the state of an order: it is the fold of them."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from chassis.messaging import Event, PublicText, Slug


class Money(BaseModel):
    """`amount` in minor units of the ISO 4217 `currency`."""

    amount: int
    currency: PublicText


class OrderPlaced(Event, topic="orders", type="order.placed", key="order_id"):
    order_id: UUID
    account_id: UUID
    hold_id: UUID
    performance_id: UUID
    seats: list[PublicText]
    total: Money
    starts_at: datetime
    show: PublicText


class OrderPaid(Event, topic="orders", type="order.paid", key="order_id"):
    order_id: UUID
    account_id: UUID
    hold_id: UUID
    performance_id: UUID
    seats: list[PublicText]


class OrderConfirmed(Event, topic="orders", type="order.confirmed", key="order_id"):
    order_id: UUID
    account_id: UUID
    performance_id: UUID
    show: PublicText
    starts_at: datetime
    seats: list[PublicText]
    total: Money


class OrderDeclined(Event, topic="orders", type="order.declined", key="order_id"):
    order_id: UUID
    account_id: UUID
    hold_id: UUID
    performance_id: UUID
    show: PublicText
    reason: Slug


class OrderCancelled(Event, topic="orders", type="order.cancelled", key="order_id"):
    order_id: UUID
    account_id: UUID
    hold_id: UUID
    performance_id: UUID
    show: PublicText
    reason: Literal["customer", "seats-lost", "performance-cancelled"]


class OrderRefunded(Event, topic="orders", type="order.refunded", key="order_id"):
    order_id: UUID
    account_id: UUID
    show: PublicText
    total: Money


PUBLISHED = (OrderPlaced, OrderPaid, OrderConfirmed, OrderDeclined, OrderCancelled, OrderRefunded)
BY_TYPE: dict[str, type[Event]] = {each.type: each for each in PUBLISHED}

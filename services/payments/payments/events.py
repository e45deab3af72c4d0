"""What payments tells the others."""

from uuid import UUID

from pydantic import BaseModel

from chassis.messaging import Event, PublicText, Slug


class Money(BaseModel):
    """An amount in minor units (cents) of an ISO 4217 currency."""

    amount: int
    currency: PublicText


class PaymentCaptured(Event, topic="payments", type="payment.captured", key="order_id"):
    """The money for the order was taken."""

    order_id: UUID
    payment_id: UUID
    amount: Money


class PaymentDeclined(Event, topic="payments", type="payment.declined", key="order_id"):
    """No money for the order was taken and none will be."""

    order_id: UUID
    reason: Slug


class PaymentRefunded(Event, topic="payments", type="payment.refunded", key="order_id"):
    """The money for the order was given back."""

    order_id: UUID
    payment_id: UUID
    amount: Money

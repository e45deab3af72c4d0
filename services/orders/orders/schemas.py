"""The HTTP models of orders."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from chassis.http import Id, Input, Text
from chassis.messaging import PERSONAL
from orders.events import Money

TOKEN = r"^[A-Za-z0-9_\-]+$"  # noqa: S105 - the form of one
KEY = r"^[\x21-\x7e]+$"
PaymentToken = Annotated[
    Text,
    StringConstraints(min_length=1, max_length=100, pattern=TOKEN),
    Field(json_schema_extra={"pattern": TOKEN}),
    PERSONAL,
]
IdempotencyKey = Annotated[
    Text, StringConstraints(min_length=1, max_length=200, pattern=KEY), Field(json_schema_extra={"pattern": KEY})
]


class PlaceOrder(Input):
    hold_id: Id
    payment_token: PaymentToken


class OrderView(BaseModel):
    id: UUID
    status: str
    performance_id: UUID
    seats: list[str]
    total: Money
    created_at: datetime

    @classmethod
    def of(cls, row: Any) -> "OrderView":
        """From a row of the projection."""
        return cls(
            id=row.id,
            status=row.status,
            performance_id=row.performance_id,
            seats=row.seats,
            total=Money(amount=row.amount, currency=row.currency),
            created_at=row.created_at,
        )


class OrderIds(Input):
    """Body of calls that payments makes."""

    order_ids: Annotated[list[Id], Field(max_length=500)]


class OrderToken(BaseModel):
    """By what an order is paid; without a token there is nothing to pay it by, now or later."""

    order_id: UUID
    token: str | None = Field(repr=False)


class PaymentTokens(BaseModel):
    """Orders that are not known here are left out: ask again."""

    items: list[OrderToken]


class HistoryItem(BaseModel):
    type: str
    at: datetime
    data: dict[str, Any]


class History(BaseModel):
    items: Annotated[list[HistoryItem], Field(description="The order's events, oldest first")]

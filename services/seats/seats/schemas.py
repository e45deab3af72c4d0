"""HTTP models of seats."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from chassis.http import Id, Input, VisibleText
from seats.domain import MAX_SEATS_IN_HOLD, Money, State

Label = Annotated[VisibleText, Field(max_length=16)]


def _distinct(labels: list[str]) -> list[str]:
    if len(set(labels)) < len(labels):
        raise ValueError("A seat can be named only once.")
    return labels


class NewHold(Input):
    performance_id: Id
    seats: Annotated[list[Label], Field(min_length=1, max_length=MAX_SEATS_IN_HOLD), AfterValidator(_distinct)]


class HoldView(BaseModel):
    id: UUID
    performance_id: UUID
    seats: list[str]
    total: Money
    expires_at: datetime


class InternalHoldView(HoldView):
    """What orders needs to know of a hold."""

    account_id: UUID
    show: str
    starts_at: datetime


class SeatView(BaseModel):
    label: str
    zone: str
    state: State
    price: Money


class SeatMapView(BaseModel):
    performance_id: UUID
    seats: list[SeatView]

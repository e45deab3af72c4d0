"""HTTP models of seats."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from seats.domain import MAX_SEATS_IN_HOLD, Money, State

Label = Annotated[str, StringConstraints(min_length=1, max_length=16, pattern=r"^[^\x00-\x1f\x7f]+$")]


def _distinct(labels: list[str]) -> list[str]:
    if len(set(labels)) < len(labels):
        raise ValueError("A seat can be named only once.")
    return labels


class NewHold(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    performance_id: UUID
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

"""HTTP models of catalog."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    StringConstraints,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)

from catalog.domain import Money, Row, Zone, check_zones
from chassis.http import Country, Currency, Id, Input, Paragraphs, StrictInt, TimeZone, UtcTime, VisibleText

Line = Annotated[VisibleText, Field(max_length=120)]
ROW = r"^[\w-]{1,8}$"
RowName = Annotated[VisibleText, StringConstraints(pattern=ROW), Field(json_schema_extra={"pattern": ROW})]


def _zones(zones: "list[NewZone]") -> "list[NewZone]":
    check_zones(zones)
    return zones


def _each_once(prices: Any, handler: ValidatorFunctionWrapHandler) -> Any:
    """Two names of a zone may be one, once they are in their normal form: neither price would win."""
    checked = handler(prices)
    if len(checked) < len(prices):
        raise ValueError("A zone has one price.")
    return checked


class NewRow(Row, Input):
    name: RowName
    seats: Annotated[StrictInt, Field(ge=1, le=500)]


class NewZone(Zone, Input):
    name: Line
    rows: Annotated[list[NewRow], Field(min_length=1, max_length=500)]  # type: ignore[assignment]  # narrower


class NewMoney(Money, Input):
    amount: Annotated[StrictInt, Field(ge=0, le=100_000_00)]
    currency: Currency


class NewVenue(Input):
    name: Line
    city: Line
    country: Country
    timezone: TimeZone
    zones: Annotated[list[NewZone], Field(min_length=1, max_length=50), AfterValidator(_zones)]


class NewShow(Input):
    title: Line
    description: Annotated[Paragraphs, Field(max_length=4000)] = ""
    genre: Line


class NewPerformance(Input):
    venue_id: Id
    starts_at: UtcTime
    prices: Annotated[dict[Line, NewMoney], Field(min_length=1, max_length=50), WrapValidator(_each_once)]


class VenueView(BaseModel):
    id: UUID
    name: str
    city: str
    country: str
    timezone: str
    zones: list[Zone]


class PerformanceView(BaseModel):
    """A performance with what a listing says of its show and venue."""

    id: UUID
    show_id: UUID
    show: str
    venue_id: UUID
    venue: str
    city: str
    country: str
    timezone: str
    starts_at: datetime
    prices: dict[str, Money]
    sold_out: bool
    cancelled: bool


class ShowSummary(BaseModel):
    id: UUID
    title: str
    description: str
    genre: str


class ShowView(ShowSummary):
    """A show with its performances to come, soonest first."""

    performances: list[PerformanceView]


class ListedShow(ShowSummary):
    """A show in the programme with the next of its performances that the search asked for."""

    next_performance: PerformanceView | None

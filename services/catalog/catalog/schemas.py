"""HTTP models of catalog."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from catalog.domain import Money, Row, RuleBroken, Zone, check_timezone, check_zones

NO_CONTROL = r"^[^\x00-\x1f\x7f]*$"
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=NO_CONTROL)]
Paragraphs = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000, pattern=r"^[^\x00]*$")]
RowName = Annotated[str, StringConstraints(pattern=r"^[\w-]{1,8}$")]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


def _text(value: object) -> object:
    """Times are written as text; Pydantic would also take a number of seconds."""
    if not isinstance(value, str):
        raise RuleBroken("Give a time such as 2026-01-31T19:30:00Z.")
    return value


def _timezone(name: str) -> str:
    check_timezone(name)
    return name


def _zones(zones: "list[NewZone]") -> "list[NewZone]":
    check_zones(zones)
    return zones


class Input(BaseModel):
    """A body that a caller sends: nothing unknown in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NewRow(Row, Input):
    name: RowName
    seats: Annotated[int, Field(strict=True, ge=1, le=500)]


class NewZone(Zone, Input):
    name: Line
    rows: Annotated[list[NewRow], Field(min_length=1, max_length=500)]  # type: ignore[assignment]  # narrower


class NewMoney(Money, Input):
    amount: Annotated[int, Field(strict=True, ge=0, le=100_000_00)]
    currency: Currency


class NewVenue(Input):
    name: Line
    city: Line
    country: Country
    timezone: Annotated[str, StringConstraints(max_length=64), AfterValidator(_timezone)]
    zones: Annotated[list[NewZone], Field(min_length=1, max_length=50), AfterValidator(_zones)]


class NewShow(Input):
    title: Line
    description: Paragraphs = ""
    genre: Line


class NewPerformance(Input):
    venue_id: UUID
    starts_at: Annotated[AwareDatetime, BeforeValidator(_text)]
    prices: Annotated[dict[Line, NewMoney], Field(min_length=1, max_length=50)]


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

"""What the public API answers, as its users read it: exact members, so that a change of the interface is noticed."""

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


def _rfc3339_utc(text: object) -> object:
    assert isinstance(text, str), f"{text!r} is not text"
    assert text.endswith("Z"), f"{text!r} is not a time in UTC"
    return text


def _version_7(value: UUID) -> UUID:
    assert value.version == 7, f"{value} is not a UUIDv7"
    return value


Time = Annotated[datetime, BeforeValidator(_rfc3339_utc)]
NewId = Annotated[UUID, AfterValidator(_version_7)]
"""The id of what was made through the API; what a fresh stack is seeded with has ids of its own."""
Item = TypeVar("Item")


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Money(Shape):
    amount: Annotated[int, Field(strict=True, ge=0)]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class Page(Shape, Generic[Item]):
    items: list[Item]
    next_cursor: str | None


class Account(Shape):
    id: UUID
    email: str
    name: str
    country: str
    jurisdiction: str
    roles: list[str]
    confirmed: bool
    created_at: Time


class Session(Shape):
    id: str
    account_id: UUID
    roles: list[str]
    created_at: Time
    expires_at: Time
    user_agent: str
    remote: str
    current: bool


class Row(Shape):
    name: str
    seats: int


class Zone(Shape):
    name: str
    rows: list[Row]


class Venue(Shape):
    id: NewId
    name: str
    city: str
    country: str
    timezone: str
    zones: list[Zone]


class Performance(Shape):
    id: UUID
    show_id: UUID
    show: str
    venue_id: UUID
    venue: str
    city: str
    country: str
    timezone: str
    starts_at: Time
    prices: dict[str, Money]
    sold_out: bool
    cancelled: bool


class ListedShow(Shape):
    id: UUID
    title: str
    description: str
    genre: str
    next_performance: Performance | None


class Show(Shape):
    id: UUID
    title: str
    description: str
    genre: str
    performances: list[Performance]


class Seat(Shape):
    label: str
    zone: str
    state: Literal["available", "held", "sold"]
    price: Money


class SeatMap(Shape):
    performance_id: UUID
    seats: list[Seat]

    def labels(self, state: str = "available") -> list[str]:
        return [seat.label for seat in self.seats if seat.state == state]


class Hold(Shape):
    id: NewId
    performance_id: UUID
    seats: list[str]
    total: Money
    expires_at: Time


class Order(Shape):
    id: NewId
    status: Literal["placed", "paid", "confirmed", "declined", "cancelled", "refunded"]
    performance_id: UUID
    seats: list[str]
    total: Money
    created_at: Time

    @property
    def path(self) -> str:
        return f"/api/orders/{self.id}"


class HistoryItem(Shape):
    type: str
    at: Time
    data: dict[str, Any]


class History(Shape):
    items: list[HistoryItem]

    @property
    def types(self) -> list[str]:
        return [item.type for item in self.items]


class Ticket(Shape):
    id: NewId
    order_id: UUID
    performance_id: UUID
    seat: str
    show: str
    starts_at: Time
    code: str
    state: Literal["valid", "void"]


class Notification(Shape):
    id: UUID
    kind: str
    order_id: UUID | None
    subject: str
    body: str
    created_at: Time


class Problem(BaseModel):
    """RFC 9457; what a problem says beyond it is in the members of its kind."""

    model_config = ConfigDict(extra="allow", frozen=True)

    type: Annotated[str, Field(pattern=r"^(https://|about:blank$)")]
    title: Annotated[str, Field(min_length=1)]
    status: int
    detail: str = ""

    @property
    def slug(self) -> str:
        return self.type.rpartition("/")[2]

    def member(self, name: str) -> Any:
        return (self.model_extra or {})[name]

"""The rules of seats: layouts, totals, and who gets a seat that several were promised. No I/O."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from chassis.messaging import PublicText

MAX_SEATS_IN_HOLD = 8


class State(StrEnum):
    """What a seat is to a customer."""

    AVAILABLE = "available"
    HELD = "held"
    SOLD = "sold"


class UnknownSeats(ValueError):
    """Labels that the layout does not have; `labels` names them."""

    def __init__(self, labels: Sequence[str]) -> None:
        super().__init__(f"There are no such seats: {', '.join(labels)}.")
        self.labels = labels


class Value(BaseModel):
    """A value: equal by content, never changed."""

    model_config = ConfigDict(frozen=True)


class Money(Value):
    """An `amount` in minor units of an ISO 4217 `currency`."""

    amount: int
    currency: PublicText


class Row(Value):
    """Seats next to each other: row `A` of 3 `seats` has the labels A1, A2 and A3."""

    name: PublicText
    seats: int

    def labels(self) -> Iterator[str]:
        return (f"{self.name}{number}" for number in range(1, self.seats + 1))


class Zone(Value):
    """Rows that cost the same."""

    name: PublicText
    price: Money
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Seat:
    label: str
    zone: str
    price: Money


@dataclass(frozen=True)
class Layout:
    """The seats of a performance in the order of its plan."""

    seats: tuple[Seat, ...]

    @classmethod
    def of(cls, zones: Iterable[Zone]) -> "Layout":
        return cls(
            tuple(Seat(label, zone.name, zone.price) for zone in zones for row in zone.rows for label in row.labels())
        )

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Where in `seats` a label is."""
        return {seat.label: place for place, seat in enumerate(self.seats)}

    def in_order(self, labels: Iterable[str]) -> list[str]:
        """`labels` as the plan orders them (A2 before A10). Raises UnknownSeats."""
        wanted = list(labels)
        if unknown := [label for label in wanted if label not in self.places]:
            raise UnknownSeats(unknown)
        return sorted(wanted, key=self.places.__getitem__)

    def total(self, labels: Iterable[str]) -> Money:
        """What the seats called `labels`, at least one, cost together."""
        prices = [self.seats[self.places[label]].price for label in labels]
        return Money(amount=sum(price.amount for price in prices), currency=prices[0].currency)


@dataclass(frozen=True, slots=True)
class Claims:
    """The labels that are not available at a moment."""

    held: Sequence[str] = ()
    sold: Sequence[str] = ()

    def states(self) -> dict[str, State]:
        return dict.fromkeys(self.held, State.HELD) | dict.fromkeys(self.sold, State.SOLD)


@dataclass(frozen=True, slots=True)
class Sale:
    """A paid order and the seats that it is for."""

    order_id: UUID
    hold_id: UUID
    performance_id: UUID
    seats: tuple[str, ...]

    def places(self) -> set[tuple[UUID, str]]:
        return {(self.performance_id, label) for label in self.seats}


def rounds(sales: Iterable[Sale]) -> list[list[Sale]]:
    """Split `sales` so that no seat is in a round twice: the sale that came first is decided first."""
    result: list[list[Sale]] = []
    taken: list[set[tuple[UUID, str]]] = []
    for sale in sales:
        places = sale.places()
        number = next((i for i in range(len(taken), 0, -1) if taken[i - 1] & places), 0)
        if number == len(result):
            result.append([])
            taken.append(set())
        result[number].append(sale)
        taken[number] |= places
    return result


@dataclass(slots=True)
class Outcome:
    """What became of some sales: an order gets all of its seats or none."""

    won: list[Sale] = field(default_factory=list)
    lost: list[Sale] = field(default_factory=list)
    returned: list[tuple[UUID, str]] = field(default_factory=list)
    """Seats that a lost order did get and gives back, as (performance, label)."""

    def add(self, sales: Iterable[Sale], got: Mapping[UUID, Collection[str]]) -> None:
        """Decide `sales` by the labels that each order got."""
        for sale in sales:
            labels = got.get(sale.order_id, ())
            if len(labels) == len(set(sale.seats)):
                self.won.append(sale)
            else:
                self.lost.append(sale)
                self.returned.extend((sale.performance_id, label) for label in labels)


@dataclass(frozen=True, slots=True)
class Ended:
    """A hold that keeps nothing any more, and the order that it became, if any."""

    hold_id: UUID
    order_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Freed:
    """A seat that is available again, and who had it: an order, or just a hold."""

    performance_id: UUID
    label: str
    hold_id: UUID
    order_id: UUID | None


def seats_by_order(ended: Iterable[Ended], freed: Iterable[Freed]) -> dict[UUID, list[str]]:
    """The freed seats of each order that ended; those that were only held go to the first order of their hold."""
    first: dict[UUID, UUID] = {}
    for each in ended:
        if each.order_id:
            first.setdefault(each.hold_id, each.order_id)
    seats: dict[UUID, list[str]] = {}
    for seat in freed:
        seats.setdefault(seat.order_id or first[seat.hold_id], []).append(seat.label)
    return seats


@dataclass(frozen=True, slots=True)
class SoldCount:
    """How many seats of a performance are sold, after a change by `change`."""

    performance_id: UUID
    sold: int
    capacity: int
    change: int

    @property
    def became_sold_out(self) -> bool:
        return self.sold >= self.capacity > self.sold - self.change

    @property
    def came_back_on_sale(self) -> bool:
        return self.sold < self.capacity <= self.sold - self.change

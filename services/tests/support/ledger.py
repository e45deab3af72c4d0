"""What the services have written down about orders, and where that breaks a promise. No I/O: `books.py` reads it."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from support.customer import OVER

CHARGES = {
    "confirmed": {"captured"},
    "declined": {"declined"},
    "refunded": {"refunded"},
    "cancelled": {"voided", "declined"},  # taken back before the provider had taken money, or while it declined
}
"""What payments says of an order that has ended with this status."""
ENTRIES = {"captured", "declined", "refunded", "closed"}
"""How a charge may end in the provider's own books."""

LOST = "every 202 is an order"
ENDED = "every order has ended"
SOLD_ONCE = "no seat is sold twice"
CLAIMED = "seats and orders agree on what is sold"
CHARGED = "each confirmed order is charged once, no other"
TICKETS = "a valid ticket for each sold seat, no other"
CALLED_OFF = "no order of a cancelled performance stays confirmed"
Key = TypeVar("Key", bound=tuple[object, ...])
PROMISES = (LOST, ENDED, SOLD_ONCE, CLAIMED, CHARGED, TICKETS, CALLED_OFF)


@dataclass(frozen=True, slots=True)
class Placed:
    """An order as orders has it, and what payments says of its charge; `amount` in minor units."""

    id: UUID
    status: str
    performance: UUID
    seats: Sequence[str]
    amount: int
    charge: str


@dataclass(frozen=True, slots=True)
class Claim:
    """A seat that an order has, as seats has it."""

    performance: UUID
    label: str
    order: UUID


@dataclass(frozen=True, slots=True)
class Entry:
    """What the payment provider has in its own books about an order."""

    order: UUID
    payment: str
    state: str
    amount: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """All of it. `accepted` are the orders that got their 202; there may be more, whose answer was lost on the way."""

    accepted: Collection[UUID]
    orders: Sequence[Placed]
    claims: Sequence[Claim] = ()
    entries: Sequence[Entry] = ()
    tickets: Sequence[tuple[UUID, str]] = field(default=())
    """Order and seat of each valid ticket."""
    cancelled: Collection[UUID] = ()
    """The performances that will not take place."""

    @property
    def endings(self) -> Counter[str]:
        """How many orders have which status."""
        return Counter(order.status for order in self.orders)

    def breaches(self) -> Mapping[str, list[str]]:
        """By promise what breaks it, in words; all of `PROMISES` are there."""
        called_off = set(self.cancelled)
        return {
            LOST: [f"{number} is gone" for number in sorted(set(self.accepted) - {each.id for each in self.orders})],
            ENDED: [f"{each.id} is {each.status}, its charge {each.charge or 'missing'}" for each in self._open()],
            SOLD_ONCE: list(self._sold_twice()),
            CLAIMED: _difference(Counter(self._sold()), Counter(map(_seat_of, self.claims)), "confirmed", "claimed"),
            CHARGED: list(self._wrongly_charged()),
            TICKETS: _difference(
                Counter((number, label) for _, label, number in self._sold()), Counter(self.tickets), "sold", "ticketed"
            ),
            CALLED_OFF: [
                f"{number} has {label} of {where}" for where, label, number in self._sold() if where in called_off
            ],
        }

    def _open(self) -> list[Placed]:
        return [each for each in self.orders if each.status not in OVER or each.charge not in CHARGES[each.status]]

    def _sold(self) -> Iterator[tuple[UUID, str, UUID]]:
        for each in self.orders:
            if each.status == "confirmed":
                yield from ((each.performance, label, each.id) for label in each.seats)

    def _sold_twice(self) -> Iterator[str]:
        for where, seats in (("orders", self._sold()), ("claims", map(_seat_of, self.claims))):
            counts = Counter((performance, label) for performance, label, _ in seats)
            yield from (
                f"{label} of {performance} {count} times in {where}"
                for (performance, label), count in counts.items()
                if count > 1
            )

    def _wrongly_charged(self) -> Iterator[str]:
        captured = Counter((each.order, each.amount) for each in self.entries if each.state == "captured")
        wanted = Counter((each.id, each.amount) for each in self.orders if each.status == "confirmed")
        yield from _difference(wanted, captured, "confirmed", "charged")
        yield from (f"{each.payment} is {each.state}" for each in self.entries if each.state not in ENTRIES)
        payments = Counter(each.payment for each in self.entries)
        yield from (f"payment {payment} is there {count} times" for payment, count in payments.items() if count > 1)


def _seat_of(claim: Claim) -> tuple[UUID, str, UUID]:
    return claim.performance, claim.label, claim.order


def _difference(mine: Counter[Key], theirs: Counter[Key], one: str, other: str) -> list[str]:
    """What only one side has, in words."""
    found = [f"{one}, not {other}: {' '.join(map(str, each))}" for each in (mine - theirs).elements()]
    return found + [f"{other}, not {one}: {' '.join(map(str, each))}" for each in (theirs - mine).elements()]

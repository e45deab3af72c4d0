"""The rules of the programme: seating plans, prices, dates. No I/O; what breaks a rule raises RuleBroken."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta

from pydantic import BaseModel, ConfigDict

from chassis.iso import as_date, as_time
from chassis.messaging import PublicText

MAX_SEATS = 5000
"""Of one venue."""
HORIZON = timedelta(days=5 * 366)
"""How far ahead a performance can be scheduled."""


class RuleBroken(ValueError):
    """Input that is well-formed but makes no sense; the message is meant for the caller."""


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


class Zone(Value):
    """The rows of a venue that cost the same."""

    name: PublicText
    rows: list[Row]


class PricedZone(Zone):
    """A zone at its price for one performance."""

    price: Money


def seat_count(zones: Iterable[Zone]) -> int:
    return sum(row.seats for zone in zones for row in zone.rows)


def check_zones(zones: Sequence[Zone]) -> None:
    """A venue has at most MAX_SEATS seats, zones with different names and every seat label once."""
    if duplicates := _duplicates(zone.name for zone in zones):
        raise RuleBroken(f"Zones need different names: {', '.join(duplicates)}.")
    if seat_count(zones) > MAX_SEATS:
        raise RuleBroken(f"A venue has at most {MAX_SEATS} seats.")
    rows = [row for zone in zones for row in zone.rows]
    if duplicates := _duplicates(row.name for row in rows):
        raise RuleBroken(f"Rows need different names in the whole venue: {', '.join(duplicates)}.")
    labels = (f"{row.name}{number}" for row in rows for number in range(1, row.seats + 1))
    if duplicates := _duplicates(labels):
        raise RuleBroken(f"Two seats would be called {duplicates[0]}.")


def check_start(starts_at: datetime, now: datetime) -> None:
    """A performance begins in the future, and not too far in it."""
    if starts_at <= now:
        raise RuleBroken("A performance starts in the future.")
    if starts_at - now > HORIZON:
        raise RuleBroken("A performance starts within the next five years.")


def price_zones(zones: Sequence[Zone], prices: Mapping[str, Money]) -> list[PricedZone]:
    """The zones with their prices: there is one for each zone of the venue, none for others, all in one currency."""
    names = {zone.name for zone in zones}
    if missing := sorted(names - prices.keys()):
        raise RuleBroken(f"Zones without a price: {', '.join(missing)}.")
    if unknown := sorted(prices.keys() - names):
        raise RuleBroken(f"The venue has no such zones: {', '.join(unknown)}.")
    if len({price.currency for price in prices.values()}) > 1:
        raise RuleBroken("All prices of a performance have one currency.")
    return [PricedZone(name=zone.name, rows=zone.rows, price=prices[zone.name]) for zone in zones]


def search_terms(text: str) -> str:
    """`text` as a Postgres tsquery that finds each word as the beginning of one: `jazz ni` → `'jazz':* & 'ni':*`."""
    return " & ".join(f"'{word}':*" for word in re.findall(r"\w+", text.replace("_", " ")))


def moment(text: str, *, ends: bool = False) -> datetime:
    """A bound of a search in UTC: an RFC 3339 time, or a date, which is its first moment, or where it `ends`."""
    try:
        if len(text) == len("2026-01-31"):
            day = datetime.combine(as_date(text), time(tzinfo=UTC))
            return day + timedelta(days=1) if ends else day
        return as_time(text.replace(" ", "+"))  # a plus may arrive as a blank
    except (ValueError, OverflowError) as error:
        raise RuleBroken("Give a date such as 2026-01-31 or a time such as 2026-01-31T19:30:00Z.") from error


def _duplicates(names: Iterable[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)

"""Each promise is seen to be broken where it is, and where it is not, it is not."""

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from support.ledger import (
    CALLED_OFF,
    CHARGED,
    CLAIMED,
    ENDED,
    LOST,
    PROMISES,
    SOLD_ONCE,
    TICKETS,
    Claim,
    Entry,
    Ledger,
    Placed,
)

PERFORMANCE = uuid4()
FIRST, SECOND, DECLINED = uuid4(), uuid4(), uuid4()


def placed(number: UUID, *seats: str, status: str = "confirmed", charge: str = "captured") -> Placed:
    return Placed(number, status, PERFORMANCE, seats, 1000 * len(seats), charge)


GOOD = Ledger(
    accepted={FIRST, DECLINED},
    orders=[
        placed(FIRST, "A1", "A2"),
        placed(SECOND, "A3"),
        placed(DECLINED, "A4", status="declined", charge="declined"),
    ],
    claims=[Claim(PERFORMANCE, "A1", FIRST), Claim(PERFORMANCE, "A2", FIRST), Claim(PERFORMANCE, "A3", SECOND)],
    entries=[
        Entry(FIRST, "pay-1", "captured", 2000),
        Entry(SECOND, "pay-2", "captured", 1000),
        Entry(DECLINED, "pay-3", "declined", 1000),
    ],
    tickets=[(FIRST, "A1"), (FIRST, "A2"), (SECOND, "A3")],
)
BROKEN = {
    "an order that got its 202 is gone": (replace(GOOD, accepted={*GOOD.accepted, uuid4()}), {LOST}),
    "an order never ends": (
        replace(GOOD, orders=[*GOOD.orders, placed(uuid4(), "B1", status="placed", charge="pending")]),
        {ENDED},
    ),
    "a declined order's charge is still open": (
        replace(GOOD, orders=[*GOOD.orders[:2], replace(GOOD.orders[2], charge="pending")]),
        {ENDED},
    ),
    "two orders have one seat": (
        replace(GOOD, orders=[GOOD.orders[0], replace(GOOD.orders[1], seats=["A1"]), GOOD.orders[2]]),
        {SOLD_ONCE, CLAIMED, TICKETS},
    ),
    "a seat is claimed twice": (
        replace(GOOD, claims=[*GOOD.claims, Claim(PERFORMANCE, "A1", SECOND)]),
        {SOLD_ONCE, CLAIMED},
    ),
    "a confirmed order has not its seat": (replace(GOOD, claims=GOOD.claims[1:]), {CLAIMED}),
    "an order is charged twice": (
        replace(GOOD, entries=[*GOOD.entries, Entry(FIRST, "pay-4", "captured", 2000)]),
        {CHARGED},
    ),
    "another amount is charged": (
        replace(GOOD, entries=[replace(GOOD.entries[0], amount=1), *GOOD.entries[1:]]),
        {CHARGED},
    ),
    "a declined order is charged": (
        replace(GOOD, entries=[*GOOD.entries[:2], replace(GOOD.entries[2], state="captured")]),
        {CHARGED},
    ),
    "a charge is left open": (replace(GOOD, entries=[*GOOD.entries, Entry(DECLINED, "pay-4", "open", 1)]), {CHARGED}),
    "a ticket is missing": (replace(GOOD, tickets=GOOD.tickets[1:]), {TICKETS}),
    "an order of a cancelled performance stays": (replace(GOOD, cancelled={PERFORMANCE}), {CALLED_OFF}),
    "a ticket is there twice": (replace(GOOD, tickets=[*GOOD.tickets, GOOD.tickets[0]]), {TICKETS}),
}


def broken(ledger: Ledger) -> set[str]:
    return {promise for promise, found in ledger.breaches().items() if found}


def test_good_books_break_no_promise() -> None:
    assert broken(GOOD) == set()
    assert set(GOOD.breaches()) == set(PROMISES)
    assert GOOD.endings == {"confirmed": 2, "declined": 1}


@pytest.mark.parametrize("what", BROKEN)
def test_broken_promises_are_seen(what: str) -> None:
    ledger, promises = BROKEN[what]

    assert broken(ledger) == promises

"""Records of runs that never were, for judges to be handed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from loadtests.proofs.claim import Claim
from loadtests.proofs.claims import CLAIMS
from loadtests.proofs.record import Mark, Record
from loadtests.runs import Request
from support.ledger import Entry, Ledger, Placed

Change = Callable[[Record[Any]], Record[Any]]
BEGAN = 1_000_000.0
ORDERS = [Placed(uuid4(), "declined", uuid4(), ["A1"], 100, "declined") for _ in range(100)]
ENTRIES = [Entry(order.id, str(order.id), "declined", 100) for order in ORDERS]
LEDGER = Ledger(accepted={order.id for order in ORDERS}, orders=ORDERS, entries=ENTRIES)
LOST_ONE = replace(LEDGER, accepted={*LEDGER.accepted, uuid4()})


def request(at: float, instance: str = "app-1", **members: Any) -> Request:
    fine = Request(BEGAN + at, 10.0, "GET", "/api/shows", 200, instance, "catalog", "", "")
    return replace(fine, **members)


def traffic(begin: float, end: float, *instances: str, rate: float = 60.0) -> list[Request]:
    """Requests that these instances answer in turn."""
    return [
        request(begin + number / rate, instances[number % len(instances)])
        for number in range(int((end - begin) * rate))
    ]


def record(marks: Mapping[str, float], requests: Sequence[Request], facts: Any, *, end: float = 40.0) -> Record[Any]:
    return Record(
        began=BEGAN,
        ended=BEGAN + end,
        marks=[Mark(BEGAN + at, what) for what, at in marks.items()],
        requests=requests,
        facts=facts,
    )


def with_requests(*more: Request) -> Change:
    return lambda good: replace(good, requests=[*good.requests, *more])


def with_facts(**members: Any) -> Change:
    return lambda good: replace(good, facts=replace(good.facts, **members))


def only(wanted: Callable[[Request], bool]) -> Change:
    return lambda good: replace(good, requests=[each for each in good.requests if wanted(each)])


def name_of(claim: Claim) -> str:
    """What CLAIM= calls it."""
    return next(name for claims in CLAIMS.values() for name, each in claims.items() if each is claim)


def missed_of(claim: Claim, change: Change, good: Record[Any]) -> set[str]:
    """The figures that are out of their bounds when a good run is changed like that."""
    return set(claim.judge(change(good)).missed)

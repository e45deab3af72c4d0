"""Each judge is handed a record of a good run, and records of runs in which one thing went wrong."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from engines.copying import Content
from loadtests.proofs.claim import Claim
from loadtests.proofs.claims import add, database, faults, grow, kill, rolling, site, tls
from loadtests.proofs.handshakes import SPOKEN, Handshakes
from loadtests.proofs.record import Mark, Record
from loadtests.runs import Request
from support.ledger import LOST, PROMISES, Ledger, Placed

Change = Callable[[Record[Any]], Record[Any]]
BEGAN = 1_000_000.0


def request(at: float, instance: str = "app-1", **members: Any) -> Request:
    fine = Request(BEGAN + at, 10.0, "GET", "/api/shows", 200, instance, "catalog", "", "")
    return replace(fine, **members)


def traffic(begin: float, end: float, *instances: str, rate: float = 60.0) -> list[Request]:
    """Requests that these instances answer in turn."""
    return [
        request(begin + number / rate, instances[number % len(instances)])
        for number in range(int((end - begin) * rate))
    ]


def record(marks: dict[str, float], requests: Sequence[Request], facts: Any, *, end: float = 40.0) -> Record[Any]:
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


LEDGER = Ledger(
    accepted=set(), orders=[], claims=[], entries=[], tickets=[]
)
TWO, THREE = ("app-1", "app-2"), ("app-1", "app-2", "app-3")

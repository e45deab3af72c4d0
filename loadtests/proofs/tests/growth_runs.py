"""The judges of the growth tier's claims: a record of a good run, and records of runs in which one thing went wrong."""

from dataclasses import replace
from typing import Any

from loadtests.proofs.backlog import Backlog
from loadtests.proofs.claims import autoscaling, deploy, goodput, later, rotation, swap
from loadtests.proofs.record import Record
from loadtests.proofs.tests.records import (
    BEGAN,
    LEDGER,
    LOST_ONE,
    Change,
    only,
    record,
    request,
    traffic,
    with_facts,
    with_requests,
)
from support.ledger import CHARGED, LOST, Ledger

TWICE = replace(LEDGER, entries=[*LEDGER.entries, replace(LEDGER.entries[0], payment="another", state="captured")])
HOLD: dict[str, Any] = {"method": "POST", "name": "/api/holds", "status": 201}
ORDER: dict[str, Any] = {"method": "POST", "name": "/api/orders", "status": 202}
INSTANCES = {f"{service}-{number}": f"{service}{number}" for service in ("orders", "seats") for number in (1, 2)}
DEPLOYED = {name: f"{process}{'new' * name.startswith('orders')}" for name, process in INSTANCES.items()}
BUSY = {"seats": 0.9, "orders": 0.8}
RELEASES = {"orders": "0.1.0", "seats": "0.1.0"}


def late(claim: later.Later) -> Record[Any]:
    """Ten orders a second for 80 s, of which those of 60 s wait; ten other requests a second; what is away says so."""
    placing = [request(each.at - BEGAN, **kind) for each in traffic(0, 80, "x", rate=10) for kind in (HOLD, ORDER)]
    others = [request(each.at - BEGAN, name=later.ELSEWHERE[0]) for each in traffic(0, 80, "x", rate=10)]
    away = [request(30, "", name=path, status=503) for path in claim.away]
    marks = {
        "offered: 10": 0,
        f"{later.BEGINS} it is so": 10,
        later.ENDS: 70,
        "all is as it was": 72,
        later.LAST: 80,
        "no order waits": 90,
    }
    backlog = Backlog([(BEGAN + at, max(0, at - 10) * 10) for at in range(70)])
    facts = later.Facts(800, 600, backlog, BEGAN + 90, LEDGER)
    return record(marks, [*placing, *others, *away], facts, end=100)


def curve(*goodputs: int) -> Record[Any]:
    """Of a capacity of 20 a second, so many orders were completed a second under each load, the others refused."""
    requests, steps = [], []
    for number, (multiple, goodput_of) in enumerate(zip(goodput.MULTIPLES, goodputs, strict=True)):
        begin, rate = number * 20.0, 20 * multiple
        for each in traffic(begin, begin + 10, "seats-1", rate=rate):
            requests.append(request(each.at - BEGAN, **HOLD))
        steps.append(
            goodput.Step(multiple, rate, BEGAN + begin, BEGAN + begin + 10, [0.1] * goodput_of * 10, 0.1, BUSY)
        )
    capacity = goodput.Step(0, 0, BEGAN - 20, BEGAN - 10, [0.1] * 200, 0.1, BUSY)
    return record({}, requests, goodput.Facts(capacity, steps, len(steps), LEDGER), end=100)


def scaled() -> Record[Any]:
    """Answers of one instance in 900 ms, then of three in 100 ms; two of them go when nobody comes any more."""

    def look(at: int) -> autoscaling.Look:
        wanted, ready = (1 if at < 40 or at >= 240 else 3), (1 if at < 60 or at >= 240 else 3)
        return autoscaling.Look(BEGAN + at, wanted, ready, ready)

    slow = [replace(each, ms=900.0, service="seats") for each in traffic(20, 60, "seats-1", rate=20)]
    fast = [replace(each, ms=100.0, service="seats") for each in traffic(60, 170, "seats-1", "seats-2", rate=20)]
    marks = {autoscaling.CALM: 0, autoscaling.SPIKE: 20, autoscaling.OVER: 170, "it is calm again": 240}
    looks = autoscaling.Looks([look(at) for at in range(250)])
    return record(marks, [*slow, *fast], autoscaling.Facts(looks, LEDGER), end=250)


def looking(**members: Any) -> Change:
    """Every look saw something else."""
    return lambda good: with_facts(
        looks=autoscaling.Looks([replace(each, **members) for each in good.facts.looks.all])
    )(good)


def steps(**members: Any) -> Change:
    """Each load was otherwise."""
    return lambda good: with_facts(steps=[replace(each, **members) for each in good.facts.steps])(good)


GOOD: dict[Any, Record[Any]] = {
    **{claim: late(claim) for claim in (later.slow, later.away, later.broker)},
    rotation: record(
        {"the load has ended": 35},
        traffic(0, 35, "orders-1"),
        rotation.Facts(
            before=INSTANCES,
            after=INSTANCES,
            users={"orders": list("abcdef"), "seats": list("ghijklmn")},
            first=["a", "g"],
            revoked=["a", "g"],
            ledger=LEDGER,
        ),
    ),
    deploy: record(
        {"release 0.2.0 of orders": 3, "it is deployed": 20},
        traffic(0, 25, "orders-1", "seats-1"),
        deploy.Facts(INSTANCES, DEPLOYED, RELEASES, {**RELEASES, "orders": deploy.RELEASE}),
    ),
    swap: record(
        {swap.STOPS: 4, swap.WORKS: 6, "payments in Go has ended": 31, swap.BACK: 33},
        traffic(0, 40, "orders-1", rate=30),
        swap.Facts(INSTANCES, INSTANCES, LEDGER.entries, LEDGER),
    ),
    goodput: curve(10, 20, 20, 19, 18),
    autoscaling: scaled(),
}

BROKEN: list[tuple[Any, str, Change, set[str]]] = [
    (
        autoscaling,
        "no instance is wanted",
        looking(wanted=1, there=1, ready=1),
        {"until a further instance was wanted", "instances at the most"},
    ),
    (
        autoscaling,
        "further instances do not help",
        lambda good: replace(good, requests=[replace(each, ms=900.0) for each in good.requests]),
        {"time of 95 % in the end, of that with one instance"},
    ),
    (autoscaling, "they stay", looking(there=3), {"until one instance was alone again"}),
    (autoscaling, "a request fails", with_requests(request(90, "", status=502)), {"failed requests"}),
    (autoscaling, "an order is lost", with_facts(ledger=LOST_ONE), {f"breaches of: {LOST}"}),
    (autoscaling, "nobody bought", with_facts(ledger=Ledger(set(), [])), {"orders that got their 202"}),
    (swap, "a request fails", with_requests(request(8, "", status=503)), {"failed requests"}),
    (swap, "nothing was charged in Go", with_facts(entries=[]), {"orders charged in Go"}),
    (swap, "both have charged", with_facts(ledger=TWICE), {f"breaches of: {CHARGED}"}),
    (swap, "there is hardly any load", only(lambda each: each.at > BEGAN + 39), {"requests"}),
    (
        swap,
        "another service was restarted",
        with_facts(after={**INSTANCES, "seats-1": "other"}),
        {"other instances that are as before"},
    ),
    (
        later.slow,
        "an order is refused",
        with_requests(request(30, **{**ORDER, "status": 503})),
        {"holds and orders that were not taken"},
    ),
    (
        later.slow,
        "a hold has no answer",
        with_requests(request(30, **{**HOLD, "status": 0})),
        {"holds and orders that were not taken"},
    ),
    (later.slow, "fewer are taken than offered", with_facts(placed=600), {"orders taken a second"}),
    (
        later.slow,
        "nothing was slow",
        with_facts(backlog=Backlog([(BEGAN, 10)])),
        {"orders that wait at the end, of those taken meanwhile"},
    ),
    (
        later.slow,
        "nobody ordered meanwhile",
        with_facts(placed_meanwhile=0),
        {"orders that wait at the end, of those taken meanwhile"},
    ),
    (later.slow, "orders wait for ever", with_facts(none_waits=None), {"from the last order to the end of all"}),
    (
        later.slow,
        "the backlog drains too slowly",
        with_facts(none_waits=BEGAN + 150),
        {"from the last order to the end of all"},
    ),
    (
        later.away,
        "another service fails",
        with_requests(request(30, "", name=later.ELSEWHERE[1], status=503)),
        {"other requests that failed"},
    ),
    (later.away, "nobody looked elsewhere", only(lambda each: each.name not in later.ELSEWHERE), {"other requests"}),
    (later.away, "it was not away", only(lambda each: each.status != 503), {"/api/tickets: 503 meanwhile"}),
    (
        later.broker,
        "an order is lost",
        with_facts(ledger=LOST_ONE),
        {f"breaches of: {LOST}"},
    ),
    (later.broker, "an event has its effect twice", with_facts(ledger=TWICE), {f"breaches of: {CHARGED}"}),
    (rotation, "a request fails", with_requests(request(8, "", status=503)), {"failed requests"}),
    (rotation, "somebody is signed out", with_requests(request(8, status=401)), {"people signed out"}),
    (
        rotation,
        "a service keeps its user",
        with_facts(users={"orders": ["a", "b"], "seats": list("ghijklmn")}),
        {"database users of each service"},
    ),
    (rotation, "an old user lives on", with_facts(revoked=["a"]), {"users of the beginning that are revoked"}),
    (
        rotation,
        "nobody was seen at first",
        with_facts(first=[], revoked=[]),
        {"users of the beginning that are revoked"},
    ),
    (rotation, "an instance was restarted", with_facts(after=DEPLOYED), {"instances that are as before"}),
    (rotation, "nobody bought", with_facts(ledger=Ledger(set(), [])), {"orders that got their 202"}),
    (deploy, "a request fails", with_requests(request(8, "", status=502)), {"failed requests"}),
    (
        deploy,
        "an old instance goes on",
        with_facts(after={**DEPLOYED, "orders-2": INSTANCES["orders-2"]}),
        {"instances of orders that are new"},
    ),
    (
        deploy,
        "another service was restarted",
        with_facts(after={**DEPLOYED, "seats-1": "other"}),
        {"instances of others that are as before"},
    ),
    (deploy, "it is the old release", with_facts(releases=RELEASES), {"orders answers as 0.2.0"}),
    (
        deploy,
        "all are of the new release",
        with_facts(releases=dict.fromkeys(RELEASES, deploy.RELEASE)),
        {"other services of another release"},
    ),
    (goodput, "it collapses", lambda _: curve(10, 20, 18, 14, 9), {"goodput at 5x, of the peak"}),
    (goodput, "nothing is done at all", steps(completed=[]), {"goodput at 5x, of the peak"}),
    (
        goodput,
        "an order has no answer",
        with_requests(request(90, **{**ORDER, "status": 0})),
        {"answers that were neither yes nor 503"},
    ),
    (
        goodput,
        "a refusal says not when to come back",
        with_requests(request(90, **{**ORDER, "status": 503, "error": "without Retry-After"})),
        {"503 without Retry-After"},
    ),
    (
        goodput,
        "an order is refused where there is room",
        with_requests(request(5, **{**ORDER, "status": 503})),
        {"refused at 0.5x"},
    ),
    (
        goodput,
        "the load does not come",
        only(lambda each: each.at < BEGAN + 80),
        {"orders that arrived there, of those asked for"},
    ),
    (goodput, "the load is the load", steps(cpu=0.5), {"the load itself, of all processors"}),
    (goodput, "orders are left over", with_facts(drained=4), {"loads after which all orders ended"}),
    (goodput, "an order is lost", with_facts(ledger=LOST_ONE), {f"breaches of: {LOST}"}),
    (deploy, "there is hardly any load", only(lambda each: each.at > BEGAN + 24), {"requests"}),
]

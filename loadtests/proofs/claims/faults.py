"""The fault of each part, and the books afterwards."""

import signal
from collections.abc import Sequence
from dataclasses import dataclass

from chassis.testing import eventually
from loadtests.proofs.exhibits import Exhibit, Table, timeline_of
from loadtests.proofs.record import Record
from loadtests.proofs.stage import Stage
from loadtests.proofs.traffic import failures, longest_pause, signed_out, told
from loadtests.proofs.verdict import Verdict, all_of, at_least, known, none_of
from loadtests.runs import Load
from support.ledger import PROMISES, Ledger
from support.promises import Promises

USERS = 24
RATE = 60.0
CLASSES = ("Buyer", "Scalper")
ROLES = ("app", "broker", "valkey", "postgres", "openbao")
BETWEEN_SECONDS = 3.0
RECOVERED = 5
"""Orders that must be accepted after a fault before the next one."""
RECOVER_SECONDS = 45.0
LEAST_ORDERS = 100
SETTLE_SECONDS = 60.0

title = "Whatever is killed: no seat is sold twice, and every order that got its 202 ends"
promise = (
    "Promises 1 and 2: whatever crashes; nothing acknowledged is lost when any process, the broker or Redis is killed."
)
method = f"""
Buyers and scalpers want the same seats. One after the other, an instance of the app, the broker, Redis, Postgres and
Vault get signal 9; after each, {RECOVERED} more orders must be accepted before the next one falls. When the load has
ended and every order with it, the books of all services are laid side by side, as the databases have them: orders,
sold seats, charges at the payment provider, tickets. While a part is away requests may fail; what was acknowledged
may not be lost, nor happen twice.
"""


@dataclass(frozen=True, slots=True)
class Fault:
    """`recovered` are the orders accepted after it, `came_back` whether it is another process that is ready."""

    name: str
    came_back: bool
    recovered: int


@dataclass(frozen=True, slots=True)
class Facts:
    faults: Sequence[Fault]
    ledger: Ledger


async def run(stage: Stage) -> Record[Facts]:
    faults = []
    async with stage.load(users=USERS, rate=RATE, classes=CLASSES) as load:
        await _until_accepted(load, RECOVERED)
        for role in ROLES:
            await stage.seconds(BETWEEN_SECONDS)
            faults.append(await _kill_one(stage, load, role))
        await stage.seconds(BETWEEN_SECONDS)
    stage.mark("the load has ended")
    ledger = await Promises(stage.books).settled(stage.accepted, seconds=SETTLE_SECONDS)
    stage.mark("the books are compared")
    return stage.record(Facts(faults, ledger))


def judge(record: Record[Facts]) -> Verdict:
    facts = record.facts
    breaches = facts.ledger.breaches()
    endings = ", ".join(f"{count} {status}" for status, count in facts.ledger.endings.most_common())
    failed, lost = failures(record.requests), signed_out(record.requests)
    begin, end = record.when("load:"), record.when("the load has ended")
    return Verdict(
        (
            *(none_of(f"breaches of: {promise}", breaches[promise]) for promise in PROMISES),
            at_least("orders that got their 202", len(facts.ledger.accepted), LEAST_ORDERS),
            all_of("parts that came back", sum(fault.came_back for fault in facts.faults), len(ROLES)),
            all_of(
                "faults after which orders flowed",
                sum(each.recovered >= RECOVERED for each in facts.faults),
                len(ROLES),
            ),
            none_of("people signed out", told(lost)),
            known("how all orders of the tier have ended", endings),
            known("failed requests while a part was away", f"{len(failed)} of {len(record.requests):,}"),
            known("longest time without an answer", f"{longest_pause(record.requests, begin, end):.1f} s"),
        )
    )


def show(record: Record[Facts]) -> Sequence[Exhibit]:
    rows = [(fault.name, "yes" if fault.came_back else "no", str(fault.recovered)) for fault in record.facts.faults]
    return [
        timeline_of(
            record, "Requests a second by the instance that answered; in the second row what failed meanwhile."
        ),
        Table(
            caption="Each part that was killed.",
            head=("killed", "came back", "orders accepted before the next fault"),
            rows=rows,
        ),
    ]


async def _kill_one(stage: Stage, load: Load, role: str) -> Fault:
    """Kill a process of this role, wait for it to come back and for orders to flow."""
    name, before = next(iter((await stage.rows(role)).items()))
    accepted = len(load.orders())
    stage.mark(f"signal 9 to {name}")
    await stage.do(stage.engine.kill, name, signal.SIGKILL)
    recovered = await _until_accepted(load, accepted + RECOVERED) - accepted
    try:
        await stage.until_ready()
    except TimeoutError:
        return Fault(name, came_back=False, recovered=recovered)
    after = (await stage.rows(role))[name]
    stage.mark(f"{name} is back, orders flow")
    return Fault(name, (after.pid, after.restarts) != (before.pid, before.restarts), len(load.orders()) - accepted)


async def _until_accepted(load: Load, goal: int) -> int:
    """Wait until so many orders were accepted in all, or some time is over; how many they are then."""

    async def accepted() -> int:
        return len(load.orders())

    try:
        return int(await eventually(accepted, lambda number: number >= goal, seconds=RECOVER_SECONDS))
    except TimeoutError:
        return await accepted()

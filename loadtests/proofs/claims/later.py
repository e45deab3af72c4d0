"""An overloaded service answers later instead of failing: one scenario, and what may be slow or away in it."""

import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from engines.protocol import in_silence
from loadtests.proofs.backlog import Backlog, until_none_waits, watched
from loadtests.proofs.exhibits import Chart, Exhibit, timeline_of
from loadtests.proofs.instances import service_of
from loadtests.proofs.record import Record
from loadtests.proofs.stage import Stage
from loadtests.proofs.traffic import failures, quantile, told
from loadtests.proofs.verdict import Verdict, at_least, at_most, known, none_of
from loadtests.runs import Request
from support.ledger import PROMISES, Ledger
from support.promises import Promises

RATE = 10.0
BEFORE_SECONDS, AFTER_SECONDS = 4.0, 3.0
CHANGING_SECONDS = 150.0
"""More than any change to the tier takes: seats are put on for that long too."""
PLACING = ("/api/holds", "/api/orders")
ELSEWHERE = ("/api/shows?limit=1", "/api/sessions/current")
KEPT_UP = 0.9
WAIT = 0.7
"""The part of the orders of that time that must wait at its end: else it was not the work of theirs that was late."""
DRAIN_SECONDS = 60.0

BEGINS, ENDS, LAST = "from now on", "that time is over", "nobody orders any more"


@dataclass(frozen=True, slots=True)
class Facts:
    """`placed_meanwhile` are orders that were taken in that time; `none_waits` is when the last order was over."""

    placed: int
    placed_meanwhile: int
    backlog: Backlog
    none_waits: float | None
    ledger: Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """A claim. `hinder` makes something slow or takes it away for the time of its block, `why` says it in words.

    `away` are addresses that nobody answers meanwhile: they are watched too, to see that it really is so.
    """

    title: str
    promise: str
    why: str
    hinder: Callable[[Stage], AbstractAsyncContextManager[None]]
    seconds: float
    away: Sequence[str] = ()

    @property
    def method(self) -> str:
        return f"""
{RATE:g} orders a second arrive, each whether the one before was answered or not, and nobody tries twice; other people
look at the programme and at their session ten times a second. For {self.seconds:g} s {self.why}. Every order must be
taken all the same: not one hold, not one order may be refused or lost, and no request to another service may fail. That
something was really hindered is seen in the books: at the end of that time at least {WAIT:.0%} of the orders that were
taken in it must be waiting. Then all of them must end within {DRAIN_SECONDS:g} s after the last one was placed, and
the books of all services must agree: each order, charge, seat and ticket once, however often events were sent.
"""

    async def run(self, stage: Stage) -> Record[Facts]:
        seats = RATE * (self.seconds + BEFORE_SECONDS + AFTER_SECONDS + CHANGING_SECONDS)
        async with watched(stage.books) as backlog:
            async with stage.offer(rate=RATE, seats=seats) as offer, stage.watch(*ELSEWHERE, *self.away):
                await stage.seconds(BEFORE_SECONDS)
                async with self.hinder(stage):
                    begin = stage.mark(f"{BEGINS} {self.why}")
                    await stage.seconds(self.seconds)
                    end = stage.mark(ENDS)
                stage.mark("all is as it was")
                await stage.seconds(AFTER_SECONDS)
            stage.mark(LAST)
            none_waits = await until_none_waits(stage.books, seconds=DRAIN_SECONDS)
            stage.mark("no order waits" if none_waits else "orders still wait")
        ledger = await Promises(stage.books).settled(stage.accepted, seconds=DRAIN_SECONDS)
        stage.mark("the books are compared")
        placed = [order.at for order in offer.orders()]
        meanwhile = sum(begin <= at < end for at in placed)
        return stage.record(Facts(len(placed), meanwhile, backlog, none_waits, ledger))

    def judge(self, record: Record[Facts]) -> Verdict:
        facts = record.facts
        breaches = facts.ledger.breaches()
        begin, end, last = record.when(BEGINS), record.when(ENDS), record.when(LAST)
        placing = [each for each in record.requests if each.name in PLACING]
        others = [each for each in record.requests if each.name in ELSEWHERE]
        refused = [each for each in placing if each.status not in (201, 202)]
        wait = facts.backlog.at(end) / facts.placed_meanwhile if facts.placed_meanwhile else 0.0
        length = last - record.when("offered")
        return Verdict(
            (
                none_of("holds and orders that were not taken", told(refused)),
                at_least("orders taken a second", facts.placed / length, KEPT_UP * RATE),
                none_of("other requests that failed", told(failures(others))),
                at_least("other requests", len(others), 100),
                at_least("orders that wait at the end, of those taken meanwhile", wait * 100, WAIT * 100, "%"),
                at_most("from the last order to the end of all", _after(last, facts.none_waits), DRAIN_SECONDS, "s"),
                *(none_of(f"breaches of: {promise}", breaches[promise]) for promise in PROMISES),
                *(at_least(f"{path}: 503 meanwhile", _unavailable(record, path), 1) for path in self.away),
                known("orders taken", f"{facts.placed:,}, of which {facts.placed_meanwhile:,} meanwhile"),
                known("most orders that waited", f"{facts.backlog.most:,}"),
                known("95 % of holds and orders were answered within", _times(placing, begin, end)),
            )
        )

    def show(self, record: Record[Facts]) -> Sequence[Exhibit]:
        samples = [(at - record.began, float(number)) for at, number in record.facts.backlog.samples]
        waiting = [(second, number) for second, number in samples if second >= 0]
        return [
            timeline_of(record, "Requests a second by what was asked; failures; times.", by_name=True),
            Chart(
                caption=f"Orders that wait. Shaded: {self.why}.",
                x="seconds",
                y="orders",
                lines={"orders that are not over": waiting},
                span=(record.when(BEGINS) - record.began, record.when(ENDS) - record.began),
            ),
        ]


def _after(last: float, moment: float | None) -> float:
    return float("inf") if moment is None else max(0.0, moment - last)


def _unavailable(record: Record[Facts], path: str) -> int:
    return sum(each.name == path and each.status in (502, 503, 504) for each in record.requests)


def _times(requests: Sequence[Request], begin: float, end: float) -> str:
    meanwhile = [each.ms for each in requests if begin <= each.at < end]
    before = [each.ms for each in requests if each.at < begin]
    return f"{quantile(before, 0.95):.0f} ms before, {quantile(meanwhile, 0.95):.0f} ms meanwhile"


@asynccontextmanager
async def slow_payments(stage: Stage) -> AsyncIterator[None]:
    """Payments as if its provider took a tenth of what is offered."""
    count = sum(service_of(name) == "payments" for name in await stage.rows("app"))
    setting = "PAYMENTS_MAX_PER_SECOND"
    await stage.do(stage.engine.upgrade, in_silence, ["payments"], {setting: f"{RATE / 10 / count:g}"})
    try:
        yield
    finally:
        await stage.do(stage.engine.upgrade, in_silence, ["payments"], {setting: ""})


def without(*services: str, server: str = "") -> Callable[[Stage], AbstractAsyncContextManager[None]]:
    """All instances of these services, and the server, killed with signal 9 and away for the time of the block."""

    @asynccontextmanager
    async def away(stage: Stage) -> AsyncIterator[None]:
        names = [name for name in await stage.rows("app") if service_of(name) in services]
        names += [server] if server else []
        async with AsyncExitStack() as stack:
            for name in names:
                await stage.do(stage.engine.kill, name, signal.SIGKILL, stays=True)
            stack.push_async_callback(stage.do, stage.engine.start, names, in_silence)
            yield

    return away


slow = Later(
    title="Payments can do a tenth of what is ordered: no order fails, the backlog drains, all orders end",
    promise="Promise 3: overload makes it slower, not wrong. Placing an order does not wait for payments.",
    why="payments may begin one charge for every ten orders",
    hinder=slow_payments,
    seconds=60.0,
)
away = Later(
    title="A service is away for a minute: orders wait and are finished, the other services notice nothing",
    promise="Promise 2: an order that got its 202 ends. Promise 3: what cannot be done now waits.",
    why="no instance of payments and of notifications is there",
    hinder=without("payments", "notifications"),
    seconds=60.0,
    away=("/api/tickets",),
)
broker = Later(
    title="The broker is away under load: orders are taken, events flow when it is back, and have their effect once",
    promise="Promise 2: nothing acknowledged is lost when the broker is killed; effects happen once under redelivery.",
    why="there is no broker",
    hinder=without(server="broker"),
    seconds=30.0,
)

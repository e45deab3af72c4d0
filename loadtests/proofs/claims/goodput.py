"""The goodput curve: what gets done when more is offered than can be done."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psutil

from engines.protocol import in_silence
from loadtests.proofs.backlog import until_none_waits
from loadtests.proofs.exhibits import Chart, Exhibit, Table, timeline_of
from loadtests.proofs.instances import service_of
from loadtests.proofs.limits import cpu_seconds, limited
from loadtests.proofs.record import Record
from loadtests.proofs.stage import Stage
from loadtests.proofs.traffic import quantile, told
from loadtests.proofs.verdict import Verdict, all_of, at_least, at_most, known, none_of
from loadtests.runs import Request
from support.ledger import PROMISES, Ledger
from support.promises import Promises

SHARE = 0.15
AT_ONCE = 16
MULTIPLES = (0.5, 1.0, 2.0, 3.0, 5.0)
SETTLE_SECONDS, MEASURE_SECONDS = 6.0, 10.0
"""An order is on its way for seconds under overload: only then does as much come out as goes in."""
DRAIN_SECONDS = 60.0
MOST_RATE = 1000.0
"""More than `AT_ONCE` can do: so many seats are put on for them."""
TRIES = 3
OF_PEAK, OF_OFFERED, OF_THE_MACHINE = 0.9, 0.95, 100 / 3
TAKEN, REFUSED = (201, 202), 503
CONFIRMED = """
SELECT EXTRACT(EPOCH FROM confirmed.time - placed.time)::float AS seconds
FROM event_log confirmed JOIN event_log placed ON placed.key = confirmed.key AND placed.type = 'order.placed'
WHERE confirmed.type = 'order.confirmed' AND confirmed.time >= to_timestamp($1) AND confirmed.time < to_timestamp($2)
"""

title = "Past its capacity the tier goes on at its best: five times the load, at least 0.9 of the peak's orders"
promise = "Promise 3: overload makes it slower, not wrong. Past the bound it answers 503 at once instead of collapsing."
method = f"""
Every service has one instance, which may use {SHARE:.0%} of one core, as if it had a small machine of its own, so that
what is shared (edge, Postgres, Redis, the broker, the load) has room on one machine: of all processors the load itself
may use a third at most. First {AT_ONCE} customers order again and again without a pause: what the tier completes then
is its capacity. Then orders arrive at {", ".join(f"{each:g}" for each in MULTIPLES)} times that rate, whether those
before were answered or not, and nobody comes back. Each load is measured for {MEASURE_SECONDS:g} s, after
{SETTLE_SECONDS:g} s; before the next one all orders have ended. The last one is measured up to {TRIES} times,
for a shared machine is not always quiet: the first that reaches the bound ends it; all are shown, the best is judged.
Completed is an order that was confirmed in that time,
by the event log of orders; its time is that from order.placed to order.confirmed. Nothing but 503 with Retry-After may
refuse an order, at half the capacity not one may be refused, and in the end the books must agree.
"""


@dataclass(frozen=True, slots=True)
class Step:
    """A load of `multiple` times the capacity, which is `rate` orders a second, measured from `begin` to `end`.

    `completed` has the seconds that each order took that was confirmed in that time; `cpu` is what the load itself
    used of all processors, `busy` what each service used of the CPU time that it was allowed: 0 to 1. `multiple` is 0
    for the load that measures the capacity.
    """

    multiple: float
    rate: float
    begin: float
    end: float
    completed: Sequence[float]
    cpu: float
    busy: Mapping[str, float]

    @property
    def goodput(self) -> float:
        """Orders completed a second."""
        return len(self.completed) / (self.end - self.begin)


@dataclass(frozen=True, slots=True)
class Facts:
    """`drained` are the steps after which all orders ended in time."""

    capacity: Step
    steps: Sequence[Step]
    drained: int
    ledger: Ledger


async def run(stage: Stage) -> Record[Facts]:
    async with _single_instances(stage):
        capacity, _ = await _step(stage, 0.0, 0.0)
        stage.mark(f"capacity: {capacity.goodput:.1f} orders a second")
        steps: list[Step] = []
        drained = 0
        for multiple in (*MULTIPLES, *[MULTIPLES[-1]] * (TRIES - 1)):
            if len(steps) >= len(MULTIPLES) and _of_peak(steps) >= OF_PEAK:
                break
            step, ended = await _step(stage, multiple, multiple * capacity.goodput)
            steps.append(step)
            drained += ended
        ledger = await Promises(stage.books).settled(stage.accepted)
    return stage.record(Facts(capacity, steps, drained, ledger))


def judge(record: Record[Facts]) -> Verdict:
    facts = record.facts
    breaches = facts.ledger.breaches()
    first, *_, last = _curve(facts.steps)
    arrived = len([each for each in _requests(record, last) if each.name == "/api/holds"]) / (last.end - last.begin)
    wrong = [each for each in record.requests if each.status not in (*TAKEN, REFUSED)]
    silent = [each for each in record.requests if each.status == REFUSED and each.error == "without Retry-After"]
    most_cpu = max(step.cpu for step in facts.steps) * 100
    return Verdict(
        (
            at_least(f"goodput at {last.multiple:g}x, of the peak", _of_peak(facts.steps), OF_PEAK),
            at_least("orders that arrived there, of those asked for", _share(arrived, last.rate), OF_OFFERED),
            none_of("answers that were neither yes nor 503", told(wrong)),
            none_of("503 without Retry-After", told(silent)),
            none_of(f"refused at {first.multiple:g}x", told(_refused(record, first))),
            all_of("loads after which all orders ended", facts.drained, len(facts.steps)),
            *(none_of(f"breaches of: {promise}", breaches[promise]) for promise in PROMISES),
            at_most("the load itself, of all processors", most_cpu, OF_THE_MACHINE, "%"),
            at_least("capacity, orders a second", facts.capacity.goodput, 1),
            known("orders completed a second", ", ".join(f"{step.goodput:.1f}" for step in facts.steps)),
        )
    )


def show(record: Record[Facts]) -> Sequence[Exhibit]:
    facts = record.facts
    curve = _curve(facts.steps)
    rates = {
        "offered": [(step.multiple, step.rate) for step in curve],
        "completed": [(step.multiple, step.goodput) for step in curve],
        "refused": [(step.multiple, _refusals_a_second(record, step)) for step in curve],
    }
    times = {
        f"{name}, {share:.0%}": [(step.multiple, 1000 * quantile(pick(record, step), share)) for step in curve]
        for name, pick in (("answered within", _answered), ("confirmed within", _confirmed))
        for share in (0.5, 0.95)
    }
    peak = max(step.goodput for step in curve)
    axis = "offered load, in multiples of the capacity"
    return [
        Chart(
            caption=f"Goodput. Dashed: {OF_PEAK:.0%} of its peak.",
            x=axis,
            y="orders/s",
            lines=rates,
            level=OF_PEAK * peak,
        ),
        Chart(
            caption="How long it takes: an order to be taken, and one that was to be confirmed.",
            x=axis,
            y="ms",
            lines=times,
        ),
        Table(
            caption="Each load.",
            head=(
                "offered",
                "orders/s",
                "completed/s",
                "refused/s",
                "taken p50, p95",
                "confirmed p50, p95",
                "CPU of the load",
                "busiest services",
            ),
            rows=[_row(record, step) for step in facts.steps],
        ),
        timeline_of(record, "Answers a second by the instance; failures are refusals.", by_name=False),
    ]


@asynccontextmanager
async def _single_instances(stage: Stage) -> AsyncIterator[None]:
    """One of each service, for the time of the block."""
    names = list(await stage.rows("app"))
    counts = {group: sum(service_of(name) == group for name in names) for group in sorted(set(map(service_of, names)))}
    try:
        for group in counts:
            await stage.do(stage.engine.scale, group, 1, in_silence)
        yield
    finally:
        for group, count in counts.items():
            await stage.do(stage.engine.scale, group, count, in_silence)


async def _step(stage: Stage, multiple: float, rate: float) -> tuple[Step, bool]:
    """One load, and whether all its orders have ended afterwards."""
    seats = (rate or MOST_RATE) * (SETTLE_SECONDS + MEASURE_SECONDS) * 1.2
    pids = {service_of(name): row.pid for name, row in (await stage.rows("app")).items() if row.pid}
    async with stage.offer(rate=rate or None, at_once=AT_ONCE, seats=seats) as offer:
        with limited(list(pids.values()), SHARE, containers=False):
            await stage.seconds(SETTLE_SECONDS)
            begin = stage.mark(f"{multiple:g}x the capacity" if multiple else "the capacity")
            used, worked = offer.cpu_seconds(), _worked(pids)
            await stage.seconds(MEASURE_SECONDS)
            end = stage.mark("measured")
            used = offer.cpu_seconds() - used
            busy = {service: (now - worked[service]) / SHARE / (end - begin) for service, now in _worked(pids).items()}
    drained = await until_none_waits(stage.books, seconds=DRAIN_SECONDS)
    rows = await stage.books.query("orders", CONFIRMED, begin, end)
    completed = sorted(row["seconds"] for row in rows)
    cpu = used / (end - begin) / (psutil.cpu_count() or 1)
    return Step(multiple, rate, begin, end, completed, cpu, busy), drained is not None


def _worked(pids: Mapping[str, int]) -> dict[str, float]:
    """CPU seconds of each service so far."""
    return {service: cpu_seconds(pid) for service, pid in pids.items()}


def _requests(record: Record[Facts], step: Step) -> list[Request]:
    """What began while it was measured."""
    return [each for each in record.requests if step.begin <= each.at < step.end]


def _refused(record: Record[Facts], step: Step) -> list[Request]:
    return [each for each in _requests(record, step) if each.status not in TAKEN]


def _refusals_a_second(record: Record[Facts], step: Step) -> float:
    return len(_refused(record, step)) / (step.end - step.begin)


def _answered(record: Record[Facts], step: Step) -> list[float]:
    """Seconds of orders that were taken."""
    return [each.ms / 1000 for each in _requests(record, step) if each.status == 202]


def _confirmed(_record: Record[Facts], step: Step) -> list[float]:
    return list(step.completed)


def _row(record: Record[Facts], step: Step) -> list[str]:
    def times(seconds: Sequence[float]) -> str:
        return f"{1000 * quantile(seconds, 0.5):,.0f}, {1000 * quantile(seconds, 0.95):,.0f} ms"

    busiest = sorted(step.busy, key=lambda service: -step.busy[service])
    return [
        f"{step.multiple:g}x",
        f"{step.rate:.1f}",
        f"{step.goodput:.1f}",
        f"{_refusals_a_second(record, step):.1f}",
        times(_answered(record, step)),
        times(step.completed),
        f"{step.cpu:.0%}",
        ", ".join(f"{service} {step.busy[service]:.0%}" for service in busiest[:3]),
    ]


def _curve(steps: Sequence[Step]) -> list[Step]:
    """The best of each load."""
    best: dict[float, Step] = {}
    for step in steps:
        if step.multiple not in best or step.goodput > best[step.multiple].goodput:
            best[step.multiple] = step
    return list(best.values())


def _of_peak(steps: Sequence[Step]) -> float:
    """The goodput under the largest load, as a share of the best that there was."""
    curve = _curve(steps)
    return _share(curve[-1].goodput, max(step.goodput for step in curve))


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0

"""Throughput grows with the instances."""

from collections.abc import Sequence
from dataclasses import dataclass

from loadtests.proofs.exhibits import Bar, Bars, Exhibit, timeline_of
from loadtests.proofs.limits import cpu_seconds_of_all, limited
from loadtests.proofs.record import Record
from loadtests.proofs.stage import Stage
from loadtests.proofs.traffic import between, failures, has_failed, signed_out, told
from loadtests.proofs.verdict import Verdict, at_least, known, none_of
from loadtests.runs import Request

USERS, RATE = 24, 4000.0
"""More than four instances can answer: each user asks again as soon as there is an answer."""
CLASSES = ("Visitor",)
SHARE = 0.15
COUNTS = (1, 2, 4)
SETTLE_SECONDS, MEASURE_SECONDS = 2.0, 7.0
ROUNDS = 3
LINEAR, BUSY = 0.8, 0.8
LEAST_RATE = 20.0

title = "Throughput grows with the instances: at least 0.8 of linear from 1 to 2 to 4"
promise = "Startup tier: scaling is adding an instance."
method = f"""
Each instance may use {SHARE:.0%} of one core, as if it had a small machine of its own, so that what is shared (edge,
Postgres, Redis, the load itself) has room on one machine. {USERS} visitors read without a pause for thought. With 1,
2 and 4 instances the answers that came from instances are counted for {MEASURE_SECONDS:g} s, {SETTLE_SECONDS:g} s
after they were limited. They are limited only while that is done, for starting takes work too. About a third of so
small a share is what an instance does without any request (events, health, vital signs); they must have used nearly
all of the CPU time that they were allowed, for otherwise it was not they who were measured. There are up to {ROUNDS}
rounds, for a shared machine is not always quiet: the first that reaches the bound ends them; all are shown, and the
best is judged.
"""


@dataclass(frozen=True, slots=True)
class Window:
    """A time (unix seconds) in which so many instances were at work; `used` is their CPU time together (seconds)."""

    instances: int
    begin: float
    end: float
    used: float

    @property
    def busy(self) -> float:
        """How much of the CPU time that they might use they did use: 0 to 1."""
        return self.used / (self.instances * SHARE * (self.end - self.begin))


Round = Sequence[Window]


@dataclass(frozen=True, slots=True)
class Facts:
    rounds: Sequence[Round]


async def run(stage: Stage) -> Record[Facts]:
    before = len(await stage.rows("app"))
    rounds: list[Round] = []
    requests: list[Request] = []
    for number in range(1, ROUNDS + 1):
        await stage.scale(COUNTS[0])
        windows: list[Window] = []
        async with stage.load(users=USERS, rate=RATE, classes=CLASSES) as load:
            stage.mark(f"round {number}")
            for count in COUNTS:
                windows.append(await _measure(stage, count))
        rounds.append(windows)
        requests += load.requests()
        if _efficiency(requests, windows) >= LINEAR:
            break
    await stage.scale(before)
    return stage.record(Facts(rounds))


def judge(record: Record[Facts]) -> Verdict:
    best = max(record.facts.rounds, key=lambda each: _efficiency(record.requests, each))
    one, *more = _rates(record.requests, best)
    grown = [
        at_least(f"{count} instances, as a share of linear", rate / (count * one) if one else 0.0, LINEAR)
        for count, rate in zip(COUNTS[1:], more, strict=True)
    ]
    rounds = "; ".join(
        " → ".join(f"{rate:.0f}" for rate in _rates(record.requests, each)) for each in record.facts.rounds
    )
    return Verdict(
        (
            *grown,
            at_least("CPU time used, of what was allowed", min(each.busy for each in best), BUSY),
            at_least("answers a second of one instance", one, LEAST_RATE),
            none_of("failed requests", told(failures(record.requests))),
            none_of("people signed out", told(signed_out(record.requests))),
            known("answers a second in each round", rounds),
        )
    )


def show(record: Record[Facts]) -> Sequence[Exhibit]:
    best = max(record.facts.rounds, key=lambda each: _efficiency(record.requests, each))
    rates = _rates(record.requests, best)
    bars = [
        Bar(f"{count} instance{'s' if count > 1 else ''}", rate, count * rates[0], LINEAR * count * rates[0])
        for count, rate in zip(COUNTS, rates, strict=True)
    ]
    return [
        Bars(caption="Answers a second by the number of instances, in the best round.", unit="/s", bars=bars),
        timeline_of(record, "Requests a second by the instance that answered."),
    ]


async def _measure(stage: Stage, count: int) -> Window:
    """With so many instances, each of which has its share of a core."""
    await stage.scale(count)
    await stage.seconds(SETTLE_SECONDS)
    pids = [row.pid for row in (await stage.rows("app")).values() if row.pid]
    with limited(pids, SHARE, containers=stage.engine.name == "compose"):
        await stage.seconds(SETTLE_SECONDS)
        used = cpu_seconds_of_all(pids)
        begin = stage.mark(f"measuring {count} instance{'s' if count > 1 else ''}")
        await stage.seconds(MEASURE_SECONDS)
        end = stage.mark("measured")
        return Window(count, begin, end, cpu_seconds_of_all(pids) - used)


def _rates(requests: Sequence[Request], windows: Round) -> list[float]:
    """Good answers of instances, a second."""
    answers = [each for each in requests if each.instance and not has_failed(each)]
    return [len(between(answers, each.begin, each.end)) / (each.end - each.begin) for each in windows]


def _efficiency(requests: Sequence[Request], windows: Round) -> float:
    """The worst of what was reached with more instances, as a share of what is in proportion to one."""
    one, *more = _rates(requests, windows)
    return (
        min((rate / (each.instances * one) for rate, each in zip(more, windows[1:], strict=True)), default=0.0)
        if one
        else 0.0
    )

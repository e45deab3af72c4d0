"""Instances come with the load and go with it."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import pairwise

from chassis.testing import eventually
from engines.kubernetes.cluster import Cluster
from engines.kubernetes.pods import APP, Pod, health, living
from engines.protocol import EngineError
from loadtests.proofs.exhibits import Chart, Exhibit, timeline_of
from loadtests.proofs.looking import looking
from loadtests.proofs.record import Record
from loadtests.proofs.stage import Stage
from loadtests.proofs.tier import NAMESPACE
from loadtests.proofs.traffic import between, failures, has_failed, quantile, told
from loadtests.proofs.verdict import Verdict, at_least, at_most, known, none_of
from support.ledger import PROMISES, Ledger
from support.promises import Promises
from support.release import Release

SERVICE = "seats"
MOST = 4
SCALING = {"enabled": True, "min": 1, "max": MOST, "cpu": 80, "memory": None, "scaleDownSeconds": 20}
RESOURCES = {"requests": {"cpu": "100m", "memory": "96Mi"}, "limits": {"cpu": "150m", "memory": "384Mi"}}
FEW, MANY, THINK = 2, 30, 0.3
CALM_SECONDS, SPIKE_SECONDS, END_SECONDS = 15.0, 150.0, 30.0
LOOK_EVERY = 1.0
REACTS_SECONDS, GOES_SECONDS = 60.0, 240.0
RECOVERED = 0.7
CALM, SPIKE, OVER = "few people", "the sale begins", "the sale is over"

title = "A spike brings instances and calm takes them: the times recover, no request fails, and it costs what it takes"
promise = "Growth tier: autoscaling on CPU and memory, by what each service uses."
method = f"""
The service {SERVICE} begins with one instance, which may use 15 % of a core; its autoscaler may have up to {MOST}.
{FEW} people use the shop, then {MANY} come at once and buy for {SPIKE_SECONDS:g} s, then nobody. A further instance
must be wanted within {REACTS_SECONDS:g} s of the first request of the spike. In its last {END_SECONDS:g} s, 95 % of the
answers of {SERVICE} must take at most {RECOVERED:g} of the time that they took until further instances were ready.
Within {GOES_SECONDS:g} s after the last request one instance must be alone again. Nobody may notice: not one request
may fail, and the books must agree. The cost is the time for which instances are there; a fixed number of them, as many
as there were at the most, would have been there from the beginning to the end.
"""


@dataclass(frozen=True, slots=True)
class Look:
    """At one moment (unix seconds): how many instances the autoscaler wants, how many there are, and are ready."""

    at: float
    wanted: int
    there: int
    ready: int


@dataclass(frozen=True, slots=True)
class Looks:
    """All of them, the first one first."""

    all: list[Look] = field(default_factory=list)

    def first(self, after: float, *, wanted: int = 0, ready: int = 0) -> float | None:
        """The first moment after this one at which so many were wanted and ready."""
        return next(
            (each.at for each in self.all if each.at > after and each.wanted >= wanted and each.ready >= ready), None
        )

    def alone(self, after: float) -> float | None:
        """The moment since which there was one only."""
        found = None
        for each in reversed(self.all):
            if each.at <= after or each.there > 1:
                break
            found = each.at
        return found

    @property
    def most(self) -> int:
        return max((each.ready for each in self.all), default=0)

    def instance_seconds(self, begin: float) -> float:
        """For how long instances were there since this moment, all of them together."""
        since = [each for each in self.all if each.at >= begin]
        return sum(each.there * (later.at - each.at) for each, later in pairwise(since))


@dataclass(frozen=True, slots=True)
class Facts:
    looks: Looks
    ledger: Ledger


async def run(stage: Stage) -> Record[Facts]:
    cluster = Cluster(NAMESPACE)
    async with _scaled(cluster), _looking(cluster) as looks:
        await eventually(lambda: _last(looks), lambda number: number == 1, seconds=GOES_SECONDS)
        async with stage.load(users=FEW, think=THINK):
            stage.mark(CALM)
            await stage.seconds(CALM_SECONDS)
        async with stage.load(users=MANY, think=THINK):
            stage.mark(SPIKE)
            await stage.seconds(SPIKE_SECONDS)
        over = stage.mark(OVER)
        with suppress(TimeoutError):
            await eventually(lambda: _alone(looks, over), bool, seconds=GOES_SECONDS)
        stage.mark("it is calm again")
    ledger = await Promises(stage.books).settled(stage.accepted)
    return stage.record(Facts(looks, ledger))


def judge(record: Record[Facts]) -> Verdict:
    looks, breaches = record.facts.looks, record.facts.ledger.breaches()
    spike, over = record.when(SPIKE), record.when(OVER)
    wanted, alone = looks.first(spike, wanted=2), looks.alone(over)
    before, after = _times(record)
    cost, fixed = looks.instance_seconds(record.began), looks.most * (looks.all[-1].at - record.began)
    return Verdict(
        (
            at_most("until a further instance was wanted", _since(spike, wanted), REACTS_SECONDS, "s"),
            at_least("instances at the most", looks.most, 2),
            at_most("time of 95 % in the end, of that with one instance", after / before if before else 1.0, RECOVERED),
            at_most("until one instance was alone again", _since(over, alone), GOES_SECONDS, "s"),
            none_of("failed requests", told(failures(record.requests))),
            at_least("orders that got their 202", len(record.facts.ledger.accepted), 1),
            *(none_of(f"breaches of: {promise}", breaches[promise]) for promise in PROMISES),
            known("95 % were answered within", f"{before:.0f} ms with one instance, {after:.0f} ms in the end"),
            known("until a further instance was ready", f"{_since(spike, looks.first(spike, ready=2)):.0f} s"),
            known("cost", f"{cost / 60:.1f} instance minutes; {fixed / 60:.1f} with {looks.most} all the time"),
        )
    )


def show(record: Record[Facts]) -> Sequence[Exhibit]:
    looks = [each for each in record.facts.looks.all if each.at >= record.began]
    lines = {
        "wanted": [(each.at - record.began, float(each.wanted)) for each in looks],
        "ready": [(each.at - record.began, float(each.ready)) for each in looks],
    }
    return [
        replace(
            timeline_of(record, f"Requests a second by the instance of {SERVICE} that answered; failures; times."),
            requests=[each for each in record.requests if each.service == SERVICE or has_failed(each)],
        ),
        Chart(
            caption=f"Instances of {SERVICE}. Shaded: the sale.",
            x="seconds",
            y="instances",
            lines=lines,
            span=(record.when(SPIKE) - record.began, record.when(OVER) - record.began),
        ),
    ]


@asynccontextmanager
async def _scaled(cluster: Cluster) -> AsyncIterator[None]:
    """The service has an autoscaler, for the time of the block."""
    release = Release(cluster)
    await release.change(SERVICE, {"autoscaling": SCALING, "resources": RESOURCES})
    try:
        yield
    finally:
        await release.back()


@asynccontextmanager
async def _looking(cluster: Cluster) -> AsyncIterator[Looks]:
    """Look again and again for as long as the block lasts."""
    looks = Looks()

    async def look() -> None:
        looks.all.append(await asyncio.to_thread(_look, cluster))

    async with looking(look, every=LOOK_EVERY, despite=(EngineError,)):
        yield looks


def _look(cluster: Cluster) -> Look:
    scaler = cluster.get("hpa", f"{APP}-{SERVICE}")
    pods: list[Pod] = [each for each in living(cluster.get("pods")) if f"-{SERVICE}-" in each["metadata"]["name"]]
    ready = sum(health(each) == "ready" for each in pods)
    return Look(time.time(), int(scaler["status"].get("desiredReplicas", 0)), len(pods), ready)


async def _last(looks: Looks) -> int:
    """How many are there, as it was last seen; 0 before."""
    return looks.all[-1].there if looks.all else 0


async def _alone(looks: Looks, after: float) -> bool:
    return looks.alone(after) is not None


def _times(record: Record[Facts]) -> tuple[float, float]:
    """What 95 % of the answers of the service took (ms): with one instance, and in the end of the sale."""
    answers = [each for each in record.requests if each.service == SERVICE]
    spike, over = record.when(SPIKE), record.when(OVER)
    more = record.facts.looks.first(spike, ready=2) or over
    windows = (between(answers, spike, more), between(answers, over - END_SECONDS, over))
    before, after = (quantile([each.ms for each in window], 0.95) for window in windows)
    return before, after


def _since(begin: float, moment: float | None) -> float:
    return float("inf") if moment is None else moment - begin

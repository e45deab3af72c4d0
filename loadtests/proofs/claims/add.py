"""Add an instance at any time."""

from collections.abc import Sequence
from dataclasses import dataclass

from loadtests.proofs.exhibits import Exhibit, timeline_of
from loadtests.proofs.record import Record
from loadtests.proofs.stage import Stage
from loadtests.proofs.traffic import between, failures, shares, signed_out, told
from loadtests.proofs.verdict import Verdict, at_least, at_most, known, none_of

USERS, RATE = 24, 80.0
BEFORE_SECONDS, AFTER_SECONDS = 6.0, 13.0
SOON_SECONDS = 5.0
OF_FAIR = 0.75
LEAST_REQUESTS = 500
WINDOW, STEP = 1.0, 0.1

title = "An instance can be added at any time: it takes its share within 5 seconds, and no request fails"
promise = (
    "Startup tier: add an instance at any time, sessions are in Redis. Promise 6: instances come and go unnoticed."
)
method = f"""
Visitors and buyers send {RATE:g} requests a second through the edge. Meanwhile a third instance is added. From the
moment it is ready, its share of the answers is taken in windows of one second; the first window in which it has
{OF_FAIR:.0%} of a fair share (one third) ends the wait. Afterwards it must keep that share for the rest of the run.
"""


@dataclass(frozen=True, slots=True)
class Facts:
    added: str
    instances: int


async def run(stage: Stage) -> Record[Facts]:
    before = set(await stage.rows("app"))
    async with stage.load(users=USERS, rate=RATE):
        await stage.seconds(BEFORE_SECONDS)
        stage.mark("asked for one more instance")
        await stage.scale(len(before) + 1)
        (added,) = set(await stage.rows("app")) - before
        stage.mark(f"{added} is ready")
        await stage.seconds(AFTER_SECONDS)
    facts = Facts(added, len(before) + 1)
    record = stage.record(facts)
    await stage.scale(len(before))
    return record


def judge(record: Record[Facts]) -> Verdict:
    facts = record.facts
    fair = OF_FAIR / facts.instances
    ready = record.when(f"{facts.added} is ready")
    end = ready + AFTER_SECONDS
    after = shares(between(record.requests, ready + SOON_SECONDS, end)).get(facts.added, 0.0)
    return Verdict(
        (
            at_most("from ready to its share", _seconds_to_share(record, ready, fair), SOON_SECONDS, "s"),
            at_least(f"share of {facts.added} afterwards", after * 100, fair * 100, "%"),
            none_of("failed requests", told(failures(record.requests))),
            none_of("people signed out", told(signed_out(record.requests))),
            at_least("requests", len(record.requests), LEAST_REQUESTS),
            known("from asking to ready", f"{ready - record.when('asked'):.1f} s"),
        )
    )


def show(record: Record[Facts]) -> Sequence[Exhibit]:
    return [
        timeline_of(
            record, "Requests a second by the instance that answered (static pages: the edge), failures, and times."
        )
    ]


def _seconds_to_share(record: Record[Facts], ready: float, fair: float) -> float:
    """Until the end of the first window in which it has its share; infinite when there is none.

    It may have it before the engine says that it is ready: the edge sees to that.
    """
    end = ready + WINDOW
    while end <= ready + AFTER_SECONDS:
        if shares(between(record.requests, end - WINDOW, end)).get(record.facts.added, 0.0) >= fair:
            return end - ready
        end += STEP
    return float("inf")

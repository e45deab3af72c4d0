"""Restart and upgrade under load."""

from collections.abc import Sequence
from dataclasses import dataclass

from engines.protocol import in_silence
from loadtests.proofs.exhibits import Exhibit, timeline_of
from loadtests.proofs.instances import Born, born, renewed
from loadtests.proofs.record import Record
from loadtests.proofs.release import make_another_release
from loadtests.proofs.stage import Stage
from loadtests.proofs.traffic import failures, longest_pause, signed_out, told
from loadtests.proofs.verdict import Verdict, all_of, at_least, known, none_of

USERS, RATE = 24, 70.0
AROUND_SECONDS = 4.0
LEAST_REQUESTS = 1000

title = "A rolling restart and an upgrade go through without a failed request"
promise = "Promise 6: instances come and go unnoticed; a rolling restart under load shows no failed request."
method = f"""
Visitors and buyers send {RATE:g} requests a second. All instances are restarted, one after the other; then the tier
is upgraded: Vault, migrations, the static site, and again one instance after the other. Not one request may fail or
be answered with 503, nobody may be signed out, and every instance must really be another process afterwards.
"""


@dataclass(frozen=True, slots=True)
class Facts:
    before: Born
    restarted: Born
    upgraded: Born


async def run(stage: Stage) -> Record[Facts]:
    before = await born(stage)
    async with stage.load(users=USERS, rate=RATE):
        await stage.seconds(AROUND_SECONDS)
        stage.mark("rolling restart begins")
        await stage.do(stage.engine.restart, [], in_silence, rolling=True)
        stage.mark("rolling restart is done")
        restarted = await born(stage)
        await stage.seconds(1)
        make_another_release(stage.engine)
        stage.mark("upgrade begins")
        await stage.do(stage.engine.upgrade, in_silence)
        stage.mark("upgrade is done")
        upgraded = await born(stage)
        await stage.seconds(AROUND_SECONDS)
    return stage.record(Facts(before, restarted, upgraded))


def judge(record: Record[Facts]) -> Verdict:
    facts = record.facts
    begin, end = record.when("load:"), record.when("upgrade is done")
    return Verdict(
        (
            none_of("failed requests", told(failures(record.requests))),
            none_of("people signed out", told(signed_out(record.requests))),
            all_of("instances that the restart made new", *renewed(facts.before, facts.restarted)),
            all_of("instances that the upgrade made new", *renewed(facts.restarted, facts.upgraded)),
            at_least("requests", len(record.requests), LEAST_REQUESTS),
            known("longest time without an answer", f"{longest_pause(record.requests, begin, end):.1f} s"),
            known("the restart took", _took(record, "rolling restart")),
            known("the upgrade took", _took(record, "upgrade")),
        )
    )


def show(record: Record[Facts]) -> Sequence[Exhibit]:
    return [timeline_of(record, "Requests a second by the instance that answered: each leaves and comes back twice.")]


def _took(record: Record[Facts], what: str) -> str:
    return f"{record.when(f'{what} is done') - record.when(f'{what} begins'):.1f} s"

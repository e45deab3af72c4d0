"""Another release of one service, while the others go on as they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import httpx

from engines.protocol import in_silence
from loadtests.proofs.exhibits import Exhibit, Table, timeline_of
from loadtests.proofs.instances import Born, born, renewed, service_of, unchanged
from loadtests.proofs.record import Record
from loadtests.proofs.stage import Stage
from loadtests.proofs.traffic import failures, signed_out, told
from loadtests.proofs.verdict import Verdict, all_of, at_least, known, none_of

USERS, RATE = 24, 60.0
AROUND_SECONDS = 3.0
LEAST_REQUESTS = 500
SERVICE = "orders"
RELEASE = "0.2.0"
ASKED = {"orders": "/api/orders", "seats": "/api/holds/x", "catalog": "/api/shows?limit=1", "accounts": "/api/sessions"}
"""A page of each service, to see which release answers, whatever it says."""

title = "A service is deployed alone: its new release takes over without a failed request, no other process changes"
promise = "Growth tier: many teams ship; each service is packaged, deployed and scaled alone."
method = f"""
Visitors and buyers send {RATE:g} requests a second. Another release of {SERVICE} is brought, with its migrations, one
instance after the other. Not one request may fail, nobody may be signed out. Afterwards every instance of {SERVICE}
must be another process and answer as release {RELEASE}, and every instance of every other service must be the process
that it was, and answer as the release that it was.
"""

Releases = Mapping[str, str]
"""What each service's X-Version says."""


@dataclass(frozen=True, slots=True)
class Facts:
    before: Born
    after: Born
    releases_before: Releases
    releases: Releases


async def run(stage: Stage) -> Record[Facts]:
    before, releases_before = await born(stage), await _releases(stage)
    async with stage.load(users=USERS, rate=RATE):
        await stage.seconds(AROUND_SECONDS)
        stage.mark(f"release {RELEASE} of {SERVICE}")
        await stage.do(stage.engine.upgrade, in_silence, [SERVICE], {"VERSION": RELEASE})
        stage.mark("it is deployed")
        await stage.seconds(AROUND_SECONDS)
    return stage.record(Facts(before, await born(stage), releases_before, await _releases(stage)))


def judge(record: Record[Facts]) -> Verdict:
    facts = record.facts
    releases_of_others = [
        f"{service} answers as {release}"
        for service, release in facts.releases.items()
        if service != SERVICE and release != facts.releases_before[service]
    ]
    took = record.when("it is deployed") - record.when("release")
    return Verdict(
        (
            none_of("failed requests", told(failures(record.requests))),
            none_of("people signed out", told(signed_out(record.requests))),
            all_of(f"instances of {SERVICE} that are new", *renewed(_own(facts.before), _own(facts.after))),
            all_of("instances of others that are as before", *unchanged(_others(facts.before), _others(facts.after))),
            all_of(f"{SERVICE} answers as {RELEASE}", int(facts.releases[SERVICE] == RELEASE), 1),
            none_of("other services of another release", releases_of_others),
            at_least("requests", len(record.requests), LEAST_REQUESTS),
            known("the deployment took", f"{took:.1f} s"),
        )
    )


def show(record: Record[Facts]) -> Sequence[Exhibit]:
    facts = record.facts
    names = sorted({*facts.before, *facts.after})
    rows = [(name, facts.before.get(name, "-"), facts.after.get(name, "-")) for name in names]
    return [
        timeline_of(record, "Requests a second by the instance that answered."),
        Table(caption="Who each instance is.", head=("instance", "before", "afterwards"), rows=rows),
    ]


async def _releases(stage: Stage) -> Releases:
    async with httpx.AsyncClient(trust_env=False, base_url=stage.access.url, verify=stage.trust) as http:
        return {service: (await http.get(path)).headers.get("x-version", "") for service, path in ASKED.items()}


def _own(instances: Born) -> Born:
    return {name: process for name, process in instances.items() if service_of(name) == SERVICE}


def _others(instances: Born) -> Born:
    return {name: process for name, process in instances.items() if service_of(name) != SERVICE}

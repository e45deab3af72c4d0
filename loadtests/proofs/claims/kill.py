"""Kill -9 an instance under load."""

import asyncio
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from chassis.testing import eventually
from engines.protocol import Row
from loadtests.proofs.exhibits import Exhibit, timeline_of
from loadtests.proofs.record import Record
from loadtests.proofs.stage import Stage
from loadtests.proofs.traffic import SAFE, between, done, failures, shares, signed_out, told
from loadtests.proofs.verdict import Verdict, all_of, at_least, known, none_of
from loadtests.runs import Request
from support.customer import OVER, Customer
from support.shapes import Hold

USERS, RATE = 24, 80.0
PEOPLE = 8
BEFORE_SECONDS, AFTER_SECONDS = 5.0, 8.0
LEAST_SHARE = 25.0

title = "An instance may be killed with -9: sessions and carts go on, only what was in flight on it can fail"
promise = "Promise 7: sessions outlive instances. Promise 2: what was acknowledged is not lost. Promise 6."
method = f"""
Visitors and buyers send {RATE:g} requests a second; {PEOPLE} more people sign in and put seats into their cart. Then
one instance gets signal 9. A request may fail only if it was under way at that moment, that is: if it began before
the instance's port refused connections; and none that is safe to repeat (GET, HEAD) may fail, because the edge asks
another instance. Afterwards the {PEOPLE} people order what they hold, in the session they had: every order must be
confirmed.
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """`carts` is the status in which each cart's order ended; an empty one could not be ordered."""

    killed: str
    still_signed_in: int
    carts: Sequence[str]


async def run(stage: Stage) -> Record[Facts]:
    async with stage.load(users=USERS, rate=RATE), stage.people(PEOPLE) as people:
        async with stage.organiser() as organiser:
            performance = await organiser.put_on_sale()
        holds = [await who.hold(performance.id, [f"A{seat}"]) for seat, who in enumerate(people, 1)]
        stage.mark(f"{PEOPLE} people have a seat in their cart")
        await stage.seconds(BEFORE_SECONDS)
        name, row = next(iter((await stage.rows("app")).items()))
        stage.mark(f"signal 9 to {name}")
        await stage.do(stage.engine.kill, name, signal.SIGKILL)
        await _until_refused(row)
        stage.mark(f"{name} is gone")
        signed_in = [(await who.get("/api/sessions/current")).status_code == 200 for who in people]
        carts = await asyncio.gather(*(_buy(who, hold) for who, hold in zip(people, holds, strict=True)))
        stage.mark(f"{carts.count('confirmed')} of {PEOPLE} carts are bought")
        await stage.until_ready()
        stage.mark(f"{name} is back")
        await stage.seconds(AFTER_SECONDS)
    return stage.record(Facts(name, sum(signed_in), carts))


def judge(record: Record[Facts]) -> Verdict:
    facts = record.facts
    sent, gone = record.when("signal 9"), record.when(f"{facts.killed} is gone")
    failed = failures(record.requests)
    before = shares(between(record.requests, record.began, sent)).get(facts.killed, 0.0)
    back = shares(between(record.requests, record.when(f"{facts.killed} is back"), record.ended)).get(facts.killed, 0.0)
    return Verdict(
        (
            none_of("failed requests of safe methods", told(each for each in failed if each.method in SAFE)),
            none_of("failed requests that were not in flight on it", told(_not_in_flight(failed, sent, gone))),
            all_of("sessions that go on", facts.still_signed_in, PEOPLE),
            all_of("carts that became confirmed orders", list(facts.carts).count("confirmed"), PEOPLE),
            none_of("people signed out", told(signed_out(record.requests))),
            at_least(f"share of {facts.killed} before", before * 100, LEAST_SHARE, "%"),
            at_least("its share once it is back", back * 100, LEAST_SHARE, "%"),
            known("failed requests in all", f"{len(failed)} of {len(record.requests):,}"),
            known("under way at the kill, on all instances", str(len(_under_way(record.requests, sent, gone)))),
        )
    )


def show(record: Record[Facts]) -> Sequence[Exhibit]:
    return [
        timeline_of(record, "Requests a second by the instance that answered. The edge gives all work to the other.")
    ]


def _under_way(requests: Sequence[Request], sent: float, gone: float) -> list[Request]:
    """What had begun before it was gone and had no answer when it was sent the signal."""
    return [each for each in requests if each.at <= gone and done(each) >= sent]


def _not_in_flight(failed: Sequence[Request], sent: float, gone: float) -> list[Request]:
    possible = _under_way(failed, sent, gone)
    return [each for each in failed if each not in possible]


async def _until_refused(row: Row) -> None:
    """Wait until nobody listens where the instance did: until then it may be handed requests."""
    with suppress(OSError):
        while True:
            _, writer = await asyncio.open_connection(row.host, row.port)
            writer.close()
            await asyncio.sleep(0.002)


async def _buy(who: Customer, hold: Hold) -> str:
    """Order as a patient person does, with the same key until there is an answer; the status it ends with."""
    key = str(hold.id)
    for _ in range(20):
        answer = await who.send_order(hold.id, key=key)
        if answer.status_code < 500:
            break
        await asyncio.sleep(0.3)
    if answer.status_code != 202:
        return ""

    async def status() -> str:
        return str((await who.get(answer.headers["location"])).json().get("status"))

    with suppress(TimeoutError):
        await eventually(status, lambda found: found in OVER, seconds=20)
    return await status()

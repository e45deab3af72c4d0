"""Credentials of the databases change while orders flow."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from chassis.outgoing import vault_client
from engines.protocol import in_silence
from loadtests.proofs.exhibits import Exhibit, Table, timeline_of
from loadtests.proofs.instances import Born, born, unchanged
from loadtests.proofs.record import Record
from loadtests.proofs.stage import Stage
from loadtests.proofs.traffic import failures, signed_out, told
from loadtests.proofs.verdict import Verdict, all_of, at_least, none_of
from support.leases import QUICK, USUAL, lease_for, users_at_work
from support.ledger import PROMISES, Ledger
from support.promises import Promises

USERS, RATE = 24, 50.0
CLASSES = ("Buyer",)
SECONDS = 35.0
LOOK_EVERY = 0.5
LEAST_USERS = 6
"""Of two instances that is at least the third user of each."""
LEAST_ORDERS = 50
STILL_THERE = "SELECT rolname FROM pg_roles WHERE rolname = ANY($1)"

title = "Database users are rotated and the old ones revoked while orders flow: no restart, no failed request"
promise = (
    "Promise 5: services get dynamic database credentials; they rotate them without a restart and a failed request."
)
method = f"""
Vault is told to lend database users for {QUICK["max_ttl"]} at the longest, and the instances are restarted once, before
anything is measured, so that they have such. Then buyers send {RATE:g} requests a second for {SECONDS:g} s, in which
every service must come to at least {LEAST_USERS} database users. Those of the beginning must be gone from Postgres in
the end: Vault has revoked them, which ends their connections too. Not one request may fail, nobody may be signed out,
each instance must be the process that it was, and the books must agree.
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """`users` are all that were seen at work, by service; `revoked` tells which of `first` Postgres knows no more."""

    before: Born
    after: Born
    users: Mapping[str, Sequence[str]]
    first: Sequence[str]
    revoked: Sequence[str]
    ledger: Ledger


async def run(stage: Stage) -> Record[Facts]:
    async with _quick_leases(stage):
        before = await born(stage)
        users = {service: set(names) for service, names in (await users_at_work(stage.books)).items()}
        first = sorted(set().union(*users.values()))
        async with stage.load(users=USERS, rate=RATE, classes=CLASSES):
            await _note_users(stage, users)
        rows = await stage.books.query("orders", STILL_THERE, first)
        after = await born(stage)
        stage.mark("the load has ended")
    ledger = await Promises(stage.books).settled(stage.accepted)
    revoked = sorted(set(first) - {row["rolname"] for row in rows})
    seen = {service: sorted(names) for service, names in users.items()}
    return stage.record(Facts(before, after, seen, first, revoked, ledger))


def judge(record: Record[Facts]) -> Verdict:
    facts = record.facts
    breaches = facts.ledger.breaches()
    return Verdict(
        (
            none_of("failed requests", told(failures(record.requests))),
            none_of("people signed out", told(signed_out(record.requests))),
            at_least("database users of each service", min(map(len, facts.users.values())), LEAST_USERS),
            all_of("users of the beginning that are revoked", len(facts.revoked), len(facts.first)),
            all_of("instances that are as before", *unchanged(facts.before, facts.after)),
            *(none_of(f"breaches of: {promise}", breaches[promise]) for promise in PROMISES),
            at_least("orders that got their 202", len(facts.ledger.accepted), LEAST_ORDERS),
        )
    )


def show(record: Record[Facts]) -> Sequence[Exhibit]:
    rows = [(service, str(len(names)), ", ".join(names)) for service, names in record.facts.users.items()]
    return [
        timeline_of(record, "Requests a second by the instance that answered."),
        Table(caption="Database users that were seen at work.", head=("service", "users", "names"), rows=rows),
    ]


@asynccontextmanager
async def _quick_leases(stage: Stage) -> AsyncIterator[None]:
    """Instances whose database users live for seconds; afterwards they live as long as usual."""
    vault = vault_client(stage.access.vault_addr, token=stage.access.vault_token)
    await stage.do(lease_for, vault, QUICK)
    try:
        await stage.do(stage.engine.restart, [], in_silence, rolling=True)
        yield
    finally:
        await stage.do(lease_for, vault, USUAL)


async def _note_users(stage: Stage, users: dict[str, set[str]]) -> None:
    """Look who is at work for as long as the load lasts."""
    seen: set[str] = set().union(*users.values())
    deadline = asyncio.get_running_loop().time() + SECONDS
    while asyncio.get_running_loop().time() < deadline:
        for service, names in (await users_at_work(stage.books)).items():
            users[service] |= names
        await stage.seconds(LOOK_EVERY)
    stage.mark(f"{len(set().union(*users.values())) - len(seen)} users have come")

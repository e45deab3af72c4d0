"""Move to a managed database."""

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from engines.copying import Contents, read_contents
from engines.local.executables import executable
from engines.protocol import in_silence
from engines.state import REPOSITORY
from engines.tier import service_names
from loadtests.proofs.exhibits import Exhibit, Table, timeline_of
from loadtests.proofs.otherdatabase import other_postgres
from loadtests.proofs.record import Record
from loadtests.proofs.stage import Stage
from loadtests.proofs.traffic import failures, longest_pause, told
from loadtests.proofs.verdict import Verdict, all_of, at_least, known, none_of
from support.books import Books
from support.customer import Customer
from support.ledger import PROMISES, Ledger
from support.promises import Promises
from support.shapes import Order

GUIDE = REPOSITORY / "docs" / "managed-database.md"
STEPS = re.compile(r"<!-- steps -->\s*```bash\n(.*?)```", re.DOTALL)
USERS, RATE, LOAD_SECONDS = 24, 60.0, 6.0
COPY = "copy-databases"
SITE, API = "/", "/api/shows?limit=1"
TICKETS = 2
AFTER_SECONDS = 2.0
LEAST_TABLES, LEAST_ROWS = 20, 1000
STEP_SECONDS = 180

title = "The tier moves to a managed database by one URL, and nothing is lost"
promise = "Startup tier: the database is given by URL, a managed service or a local Postgres to try it."
method = """
After people have bought tickets, the tier is moved to a second PostgreSQL server by the very commands of
docs/managed-database.md, which are read from that page and run one after the other. Once the data are copied, and
before the app works on them, every table of every service is compared on both servers: the number of rows, and a
checksum over all values. Afterwards somebody goes on in the session that they had: the old order and its tickets are
there, another one is bought, and the books of all services must keep the promises.
"""


@dataclass(frozen=True, slots=True)
class Afterwards:
    """What somebody finds on the new server who was there before. Orders are told by their status."""

    signed_in: bool
    old_order: str
    old_tickets: int
    new_order: str
    clients: int
    """Of the app, at the new server."""


@dataclass(frozen=True, slots=True)
class Facts:
    """`before` is what was on the old server, `copied` what was on the new one before the app worked on it."""

    before: Contents
    copied: Contents
    afterwards: Afterwards
    old_is_gone: bool
    ledger: Ledger


async def run(stage: Stage) -> Record[Facts]:
    async with stage.load(users=USERS, rate=RATE):
        await stage.seconds(LOAD_SECONDS)
    await Promises(stage.books).settled(stage.accepted)
    with other_postgres(container=stage.engine.name == "compose") as new:
        async with stage.people(1) as (customer,), stage.organiser() as organiser:
            performance = (await organiser.put_on_sale()).id
            bought = await customer.buy(performance, TICKETS)
            stage.mark(f"all orders have ended; somebody has {TICKETS} tickets")
            before = await read_contents(stage.access.database_url, service_names())
            copied: Contents = {}
            try:
                async with stage.watch(SITE, API):
                    for command in steps(GUIDE.read_text()):
                        stage.mark(f"$ {command}")
                        await stage.do(_run, command, new)
                        if COPY in command:
                            copied = await read_contents(new, service_names())
                    stage.mark("the tier is on the other database")
                    await stage.seconds(AFTER_SECONDS)
                afterwards = await _look_around(customer, bought, performance, new)
                stage.mark("the customer has gone on in the old session")
                ledger = await Promises(Books(lambda: new)).settled(stage.accepted)
                old_is_gone = "postgres" not in {row.role for row in (await stage.rows()).values()}
            finally:
                await stage.do(
                    stage.engine.down, in_silence, clean=False
                )  # what is on its database goes before it does
    return stage.record(Facts(before, copied, afterwards, old_is_gone, ledger))


def steps(guide: str) -> list[str]:
    """The commands of the guide: one in each line, comments left out. Raises ValueError when there are none."""
    if not (found := STEPS.search(guide)):
        raise ValueError("the guide has no steps")
    lines = [line.partition("  #")[0].strip() for line in found[1].splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def judge(record: Record[Facts]) -> Verdict:
    facts = record.facts
    then, breaches = facts.afterwards, facts.ledger.breaches()
    tables = {*facts.before, *facts.copied}
    same = sum(facts.before.get(name) == facts.copied.get(name) for name in tables)
    rows = sum(content.rows for content in facts.before.values())
    moved = record.when("the tier is on")
    stopped = record.when("$")
    api = [each for each in record.requests if each.name == API and each.at >= stopped]
    late = [each for each in api if each.at > moved]
    return Verdict(
        (
            all_of("tables that are the same, row by row", same, len(tables)),
            at_least("tables", len(tables), LEAST_TABLES),
            at_least("rows", rows, LEAST_ROWS),
            all_of("sessions that go on", int(then.signed_in), 1),
            none_of("the old order, if it is not confirmed", _other_than_confirmed(then.old_order)),
            all_of("old tickets that are there", then.old_tickets, TICKETS),
            none_of("a new order, if it is not confirmed", _other_than_confirmed(then.new_order)),
            *(none_of(f"breaches afterwards of: {promise}", breaches[promise]) for promise in PROMISES),
            at_least("connections of the app to the other server", then.clients, 1),
            all_of("old servers that the tier no longer has", int(facts.old_is_gone), 1),
            none_of("failed requests once it had moved", told(failures(late))),
            known("time without the API", f"{longest_pause(api, stopped, record.ended):.1f} s"),
        )
    )


def show(record: Record[Facts]) -> Sequence[Exhibit]:
    facts = record.facts
    rows = [
        (name, _told(facts.before, name), _told(facts.copied, name)) for name in sorted({*facts.before, *facts.copied})
    ]
    return [
        timeline_of(
            record, "Good answers a second: load; then site and API, asked ten times a second while the tier moves."
        ),
        Table(caption="Rows and checksum of each table.", head=("table", "old server", "new server"), rows=rows),
    ]


def _run(command: str, database_url: str) -> None:
    """As somebody would type it. Raises RuntimeError with what it says when it fails."""
    path = f"{executable('boxoffice').parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        env={**os.environ, "PATH": path, "DATABASE_URL": database_url},
        cwd=REPOSITORY,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=STEP_SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"$ {command}\n{done.stdout}")


async def _look_around(customer: Customer, bought: Order, performance: UUID, new: str) -> Afterwards:
    signed_in = (await customer.get("/api/sessions/current")).status_code == 200
    if not signed_in:
        return Afterwards(False, "", 0, "", await _clients(new))
    old = (await customer.look_at(bought)).status
    tickets = [each for each in await customer.tickets() if each.order_id == bought.id]
    return Afterwards(True, old, len(tickets), (await customer.buy(performance)).status, await _clients(new))


async def _clients(url: str) -> int:
    """Connections of leased users: those of the app."""
    database = await asyncpg.connect(f"{url}/postgres", timeout=10)
    try:
        asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = ANY($1) AND usename LIKE 'v-%'"
        return int(await database.fetchval(asked, list(service_names())))
    finally:
        await database.close()


def _other_than_confirmed(status: str) -> list[str]:
    return [] if status == "confirmed" else [status or "it is not there"]


def _told(contents: Contents, name: str) -> str:
    content = contents.get(name)
    return f"{content.rows:,} · {content.checksum & 0xFFFFFFFF:08x}" if content else "-"

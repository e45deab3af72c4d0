"""One service gives way to another of the same contract, in another language."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from engines.protocol import in_silence
from loadtests.proofs.claims.later import ELSEWHERE
from loadtests.proofs.exhibits import Exhibit, Table, timeline_of
from loadtests.proofs.instances import Born, born, service_of, unchanged
from loadtests.proofs.otherstack import at_hand, other_payments
from loadtests.proofs.record import Record
from loadtests.proofs.stage import Stage
from loadtests.proofs.traffic import failures, told
from loadtests.proofs.verdict import Verdict, all_of, at_least, known, none_of
from support.books import Books
from support.ledger import PROMISES, Entry, Ledger
from support.promises import Promises

RATE = 10.0
BEFORE_SECONDS, SECONDS, AFTER_SECONDS = 4.0, 25.0, 4.0
CHANGING_SECONDS = 60.0
SERVICE = "payments"
LEAST_ORDERS = 100
STOPS, WORKS, BACK = "payments in Python stops", "payments in Go works", "payments in Python is back"
CHARGE = {"closed": "voided"}
"""What payments calls a charge that is called otherwise in a provider's books."""

title = "A service is swapped for one in another language, under load: nobody notices, and every order ends"
promise = "Growth tier: many teams ship; the contract is the border, not the code."
method = f"""
{RATE:g} orders a second arrive, other people look at the programme and at their session ten times a second. All
instances of {SERVICE} are stopped, and a program of two hundred lines of Go takes their place for {SECONDS:g} s
(loadtests/proofs/payments). The two share the events of the contract and a consumer group, and neither code nor
database: the one goes on in Kafka where the other has stopped. Then Python is back. Not one request may fail, all other
processes must be those that they were, the Go program must have charged at least {LEAST_ORDERS} orders, and the books
must agree once its own are added to those of the services: each order charged once, by the one or the other.
"""


@dataclass(frozen=True, slots=True)
class Facts:
    """`entries` is what was charged in Go; `ledger` has it too."""

    before: Born
    after: Born
    entries: Sequence[Entry]
    ledger: Ledger


class BothBooks(Books):
    """The books of the services, and what was charged by another program beside them."""

    def __init__(self, stage: Stage, entries: Sequence[Entry]) -> None:
        super().__init__(lambda: stage.engine.access().database_url)
        self._entries = entries

    async def ledger(self, accepted: Collection[UUID], performance: UUID | None = None) -> Ledger:
        ledger = await super().ledger(accepted, performance)
        charges = {entry.order: CHARGE.get(entry.state, entry.state) for entry in self._entries}
        orders = [replace(order, charge=order.charge or charges.get(order.id, "")) for order in ledger.orders]
        return replace(ledger, orders=orders, entries=[*ledger.entries, *self._entries])


async def run(stage: Stage) -> Record[Facts]:
    names = [name for name in await stage.rows("app") if service_of(name) == SERVICE]
    before = await born(stage)
    with at_hand(stage.engine, stage.folder) as payments_in_go:
        async with (
            stage.offer(rate=RATE, seats=RATE * (BEFORE_SECONDS + SECONDS + AFTER_SECONDS + CHANGING_SECONDS)),
            stage.watch(*ELSEWHERE),
        ):
            await stage.seconds(BEFORE_SECONDS)
            stage.mark(STOPS)
            await stage.do(stage.engine.stop, names, in_silence)
            async with other_payments(payments_in_go, stage.folder) as entries:
                stage.mark(WORKS)
                await stage.seconds(SECONDS)
            stage.mark("payments in Go has ended")
            await stage.do(stage.engine.start, names, in_silence)
            stage.mark(BACK)
            await stage.seconds(AFTER_SECONDS)
    stage.mark("nobody orders any more")
    ledger = await Promises(BothBooks(stage, entries)).settled(stage.accepted)
    return stage.record(Facts(before, await born(stage), entries, ledger))


def judge(record: Record[Facts]) -> Verdict:
    facts, breaches = record.facts, record.facts.ledger.breaches()
    others = {name: process for name, process in facts.before.items() if service_of(name) != SERVICE}
    away = record.when(WORKS) - record.when(STOPS)
    return Verdict(
        (
            none_of("failed requests", told(failures(record.requests))),
            at_least("requests", len(record.requests), 2 * LEAST_ORDERS),
            at_least("orders charged in Go", len(facts.entries), LEAST_ORDERS),
            all_of("other instances that are as before", *unchanged(others, facts.after)),
            *(none_of(f"breaches of: {promise}", breaches[promise]) for promise in PROMISES),
            known("nobody charged for", f"{away:.1f} s, until Python had finished"),
            known("orders", ", ".join(f"{count:,} {status}" for status, count in facts.ledger.endings.items())),
        )
    )


def show(record: Record[Facts]) -> Sequence[Exhibit]:
    charged = {"Go": len(record.facts.entries), "Python": len(record.facts.ledger.entries) - len(record.facts.entries)}
    return [
        timeline_of(record, "Requests a second by what was asked; failures; times.", by_name=True),
        Table(
            caption="Who charged how many orders.",
            head=("language", "orders"),
            rows=[(language, f"{number:,}") for language, number in charged.items()],
        ),
    ]

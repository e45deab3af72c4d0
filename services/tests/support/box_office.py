"""What people do at a box office whose events a test delivers, and the books afterwards."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import text

from accounts.events import AccountErased
from chassis.testing import App
from support.books import Books
from support.delivery import Command, Delivery
from support.organiser import in_days

VENUE = {"name": "The Attic", "city": "Ghent", "country": "BE", "timezone": "Europe/Brussels"}
ZONES = [{"name": "House", "rows": [{"name": "A", "seats": 3}]}]
PRICES = {"House": {"amount": 1000, "currency": "EUR"}}
KNOWN_REFUSALS = {"seats-taken", "performance-closed", "hold-expired", "not-cancellable", "not-found"}
EXPIRE = "UPDATE {} SET expires_at = now() - interval '1 second' WHERE {} = :id"
OPEN_CLAIMS = """
    SELECT label, hold_id FROM claims WHERE performance_id = $1 AND order_id IS NULL AND expires_at > now()
"""
PERSONAL = (
    ("notifications", "SELECT subject FROM messages WHERE account_id = $1"),
    ("notifications", "SELECT message_id FROM mails WHERE account_id = $1"),
    ("notifications", "SELECT id FROM tickets WHERE account_id = $1"),
)


class OpenBooks(Books):
    """The books of services that run in this process."""

    def __init__(self, app: App) -> None:
        super().__init__(lambda: "")
        self._app = app

    async def query(self, service: str, statement: str, *values: Any) -> list[Any]:
        async with self._app.runtime(service).database.reading() as connection:
            return list((await connection.exec_driver_sql(statement, values)).mappings())


@dataclass(slots=True)
class Buyer:
    """A customer with at most one hold and one order; what she does are steps of `run`."""

    run: "Run"
    name: str
    client: httpx.AsyncClient
    account_id: UUID
    hold_id: UUID | None = None
    order_id: UUID | None = None
    erased: bool = False

    def hold(self, *seats: str) -> Command:
        async def hold() -> None:
            body = {"performance_id": str(self.run.performance_id), "seats": seats}
            answer = await self.client.post("/api/holds", json=body)
            if self._allowed(answer, 201):
                self.hold_id = UUID(answer.json()["id"])

        return Command(f"{self.name} holds", frozenset({"seats"}), hold)

    def order(self, token: str = "tok_visa") -> Command:
        async def order() -> None:
            body = {"hold_id": str(self.hold_id), "payment_token": token}
            answer = await self.client.post("/api/orders", json=body, headers={"idempotency-key": self.name})
            if self._allowed(answer, 202):
                self.order_id = UUID(answer.json()["id"])
                self.run.delivery.name(self.order_id, self.name)

        return Command(f"{self.name} orders", frozenset({"seats", self._order}), order, lambda: bool(self.hold_id))

    def cancel(self) -> Command:
        async def cancel() -> None:
            self._allowed(await self.client.post(f"/api/orders/{self.order_id}/cancellation"), 202)

        return Command(f"{self.name} cancels", frozenset({self._order}), cancel, lambda: bool(self.order_id))

    def let_go(self) -> Command:
        async def let_go() -> None:
            self._allowed(await self.client.delete(f"/api/holds/{self.hold_id}"), 204)

        return Command(f"{self.name} lets go", frozenset({"seats"}), let_go, lambda: bool(self.hold_id))

    def hold_runs_out(self) -> Command:
        async def run_out() -> None:
            async with self.run.app.runtime("seats").database.transaction() as tx:
                for table, column in (("holds", "id"), ("claims", "hold_id")):
                    await tx.execute(text(EXPIRE.format(table, column)), {"id": self.hold_id})

        return Command(f"the hold of {self.name} runs out", frozenset({"seats"}), run_out, lambda: bool(self.hold_id))

    def is_erased(self) -> Command:
        async def erase() -> None:
            self.erased = True
            self.run.delivery.tell(AccountErased(account_id=self.account_id))

        return Command(f"{self.name} is erased", frozenset({f"accounts/{self.name}"}), erase)

    @property
    def _order(self) -> str:
        return f"orders/{self.name}"

    def _allowed(self, answer: httpx.Response, status: int) -> bool:
        """Whether the answer is as wanted; a refusal is one that a customer can understand."""
        if answer.status_code == status:
            return True
        slug = str(answer.json()["type"]).rsplit("/", 1)[-1]
        assert slug in KNOWN_REFUSALS, f"{self.name}: {answer.status_code} {answer.text}"
        return False


@dataclass(slots=True)
class Run:
    """One performance from its announcement to its end."""

    app: App
    organiser: httpx.AsyncClient
    performance_id: UUID
    delivery: Delivery
    buyers: list[Buyer] = field(default_factory=list)

    async def buyer(self, name: str) -> Buyer:
        browser = self.app.another_client()
        buyer = Buyer(self, name, browser.client, await browser.sign_in())
        self.delivery.name(buyer.account_id, name)
        self.delivery.everyone = [*self.delivery.everyone, name]
        self.buyers.append(buyer)
        return buyer

    def cancel_performance(self) -> Command:
        async def cancel() -> None:
            answer = await self.organiser.post(f"/api/performances/{self.performance_id}/cancellation")
            assert answer.status_code == 202, answer.text

        return Command("the performance is cancelled", frozenset({"catalog"}), cancel)

    async def breaches(self) -> dict[str, Sequence[str]]:
        """What is wrong in the books when nothing is left to happen."""
        books = OpenBooks(self.app)
        accepted = [each.order_id for each in self.buyers if each.order_id]
        ledger = await books.ledger(accepted, self.performance_id)
        status = {each.id: each.status for each in ledger.orders}
        over = {each.hold_id for each in self.buyers if each.order_id and status.get(each.order_id)}
        kept = await books.query("seats", OPEN_CLAIMS, self.performance_id)
        cancelled = self.performance_id in set(ledger.cancelled)
        found: dict[str, Sequence[str]] = dict(ledger.breaches())
        found["holds that are over keep no seat"] = [
            f"{each['label']} is held" for each in kept if cancelled or each["hold_id"] in over
        ]
        found["a customer who was erased has left nothing"] = [
            f"{buyer.name}: {statement}"
            for buyer in self.buyers
            if buyer.erased
            for service, statement in PERSONAL
            if await books.query(service, statement, buyer.account_id)
        ]
        return {promise: what for promise, what in found.items() if what}

    async def check(self) -> None:
        """The books are right, and stay so when everything is heard once more."""
        for again in (False, True):
            broken = await self.breaches()
            assert not broken, {**broken, "after": self.delivery.steps_taken, "again": again}
            if not again:
                await self.delivery.hear_all_again(as_new=True)


@dataclass(frozen=True, slots=True)
class BoxOffice:
    """A venue and a show, of which each run has a performance."""

    app: App
    organiser: httpx.AsyncClient
    venue_id: UUID
    show_id: UUID

    @classmethod
    async def open(cls, app: App) -> "BoxOffice":
        browser = app.another_client()
        await browser.sign_in(uuid4(), roles=["organiser"])
        client = browser.client
        venue = (await client.post("/api/venues", json={**VENUE, "zones": ZONES})).json()
        show = (await client.post("/api/shows", json={"title": "Now", "description": "Then", "genre": "Drama"})).json()
        return cls(app, client, UUID(venue["id"]), UUID(show["id"]))

    async def run(self) -> Run:
        """A performance that is on sale."""
        delivery = Delivery(self.app)
        await delivery.begin()
        body = {"venue_id": str(self.venue_id), "starts_at": in_days(30), "prices": PRICES}
        answer = await self.organiser.post(f"/api/shows/{self.show_id}/performances", json=body)
        assert answer.status_code == 201, answer.text
        performance_id = UUID(answer.json()["id"])
        delivery.name(performance_id, "performance")
        await delivery.collect()
        await delivery.settle()
        delivery.steps_taken.clear()
        return Run(self.app, self.organiser, performance_id, delivery)

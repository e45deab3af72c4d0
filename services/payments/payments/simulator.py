"""The built-in payment provider: stands for another company's service, with books of its own.

`tok_visa` pays, `tok_declined` is declined, `tok_slow` pays after three seconds, `tok_flaky` fails twice and then pays;
any other token is declined. Its books are a table with one row per idempotency key, written before it answers, so they
prove what was charged whatever crashed.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, case
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import ReturningInsert

from chassis.database import Batch, Database
from chassis.ids import uuid7
from chassis.secrets import SecretValue
from chassis.work import Coalescer
from payments.clients import ChargeRequest, ProviderUnavailable
from payments.domain import Captured, Declined, Reversed
from payments.tables import simulator_charges as books

SLOW_SECONDS = 3.0
FAILURES_OF_FLAKY = 2

CAPTURED, FAILING, DECLINED, CLOSED, REFUNDED = "captured", "failing", "declined", "closed", "refunded"
FIRST_ANSWER = {
    "tok_visa": (CAPTURED, None),
    "tok_slow": (CAPTURED, None),
    "tok_flaky": (FAILING, None),
    "tok_declined": (DECLINED, "card-declined"),
}
UNKNOWN_TOKEN = (DECLINED, "unknown-token")


@dataclass(frozen=True, slots=True)
class Entry:
    """What is booked under a key that the provider has not seen before."""

    idempotency_key: UUID
    state: str
    reason: str | None = None
    amount: int | None = None
    currency: str | None = None
    payment_id: UUID = field(default_factory=uuid7)

    @classmethod
    def of(cls, request: ChargeRequest) -> "Entry":
        state, reason = FIRST_ANSWER.get(request.token, UNKNOWN_TOKEN)
        return cls(request.idempotency_key, state, reason, request.amount, request.currency)


def booking(state_when_known: ColumnElement[str]) -> ReturningInsert[Any]:
    """One row per key: the new one where there was none, else the one that is there, in its next state."""
    return (
        insert(books)
        .from_select(NEW.names, NEW.table.select())
        .on_conflict_do_update(
            index_elements=[books.c.idempotency_key],
            set_={"calls": books.c.calls + 1, "state": state_when_known},
        )
        .returning(books.c.idempotency_key, books.c.payment_id, books.c.state, books.c.reason)
    )


NEW = Batch(
    books.c.idempotency_key, books.c.state, books.c.reason, books.c.amount, books.c.currency, books.c.payment_id
)
_had_enough = (books.c.state == FAILING) & (books.c.calls >= FAILURES_OF_FLAKY)
CHARGE = booking(case((_had_enough, CAPTURED), else_=books.c.state))
REVERSE = booking(case({CAPTURED: REFUNDED, FAILING: CLOSED}, value=books.c.state, else_=books.c.state))


class SimulatedProvider:
    """Implements `PaymentProvider`. Calls that come at the same moment are booked by one statement."""

    def __init__(self, database: Database, api_key: SecretValue) -> None:
        """`database` is where it keeps its books. A real provider would check `api_key`; this one wants it to exist."""
        self._database = database
        self._api_key = api_key
        self._charges = Coalescer(self._book_charges)
        self._reversals = Coalescer(self._book_reversals)

    async def charge(self, request: ChargeRequest) -> Captured | Declined:
        if request.token == "tok_slow":  # noqa: S105 - names a behaviour
            await asyncio.sleep(SLOW_SECONDS)
        booked = await self._charges.get(request)
        if booked.state == FAILING:
            raise ProviderUnavailable("the simulator is flaky")
        if booked.state == CAPTURED:
            return Captured(booked.payment_id)
        return Declined(booked.reason or "closed")

    async def reverse(self, idempotency_key: UUID) -> Reversed:
        booked = await self._reversals.get(idempotency_key)
        return Reversed(booked.payment_id if booked.state == REFUNDED else None)

    async def _book_charges(self, requests: Sequence[ChargeRequest]) -> list[Row[Any]]:
        return await self._book(CHARGE, [Entry.of(request) for request in requests])

    async def _book_reversals(self, keys: Sequence[UUID]) -> list[Row[Any]]:
        return await self._book(REVERSE, [Entry(key, state=CLOSED) for key in keys])

    async def _book(self, statement: ReturningInsert[Any], entries: Sequence[Entry]) -> list[Row[Any]]:
        """What is in the books after each of `entries`; a key that is there twice is booked once."""
        await self._api_key.get()
        once = {entry.idempotency_key: entry for entry in entries}
        async with self._database.reading() as connection:  # one statement is a transaction by itself
            rows = await connection.execute(statement, NEW.of(once.values()))
        booked = {row.idempotency_key: row for row in rows}
        return [booked[entry.idempotency_key] for entry in entries]

"""By what an order is paid: asked for, stored, and only then forgotten by orders."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from chassis.errors import Unavailable
from chassis.ids import uuid7
from chassis.messaging import now
from chassis.work import Worker
from orders import repository
from orders.tables import payment_tokens
from payments import handlers
from payments.clients import OrdersTokens
from payments.collector import Collector
from payments.domain import Charge, State
from payments.tables import charges


class Crash(Exception):
    """The process ends here."""


class Doomed(OrdersTokens):
    """Dies before orders hears that its tokens have arrived."""

    async def received(self, order_ids: Sequence[UUID]) -> None:
        raise Crash


class Away(OrdersTokens):
    """Orders answers once more, and then no longer."""

    async def received(self, order_ids: Sequence[UUID]) -> None:
        raise Unavailable("orders is away")


class Both:
    """Orders and payments in this process, and one order that both know."""

    def __init__(self, app: Any) -> None:
        self.orders = app.runtime("orders")
        self.payments = app.runtime("payments")
        self.order = uuid7()

    def collector(self, tokens: type[OrdersTokens] = OrdersTokens) -> Collector:
        return Collector(self.payments.database, tokens(self.payments), Worker("cashier", self._nothing))

    @staticmethod
    async def _nothing() -> int:
        return 0

    async def place(self, *, status: str = "placed", token: str | None = "tok_visa") -> None:
        row = {"id": self.order, "account_id": uuid7(), "hold_id": uuid7(), "performance_id": uuid7(), "seats": ["A1"]}
        state = {"amount": 8500, "currency": "EUR", "status": status, "version": 1, "created_at": now()}
        async with self.orders.database.transaction() as tx:
            await repository.insert_placed(tx, row | state)
            if token:
                await repository.keep_token(tx, self.order, token)

    async def hear(self) -> None:
        """Payments hears of the order."""
        async with self.payments.database.transaction() as tx:
            await handlers.open_charges(tx, [Charge(self.order, State.PENDING, amount=8500, currency="EUR")])

    async def tokens(self) -> tuple[str | None, str | None]:
        """What orders has, and what payments has."""
        async with self.orders.database.reading() as here, self.payments.database.reading() as there:
            kept = select(payment_tokens.c.token).where(payment_tokens.c.order_id == self.order)
            brought = select(charges.c.token).where(charges.c.order_id == self.order)
            return await here.scalar(kept), await there.scalar(brought)

    async def state(self) -> str:
        async with self.payments.database.reading() as connection:
            query = select(charges.c.state).where(charges.c.order_id == self.order)
            return str(await connection.scalar(query))


@pytest.fixture
async def both(run: Any) -> Both:
    return Both(await run("orders", "payments", secrets={"services/payments": {"provider_api_key": "k"}}))


async def test_a_token_moves_from_orders_to_payments(both: Both) -> None:
    await both.place()
    await both.hear()
    assert await both.tokens() == ("tok_visa", None)
    assert await both.collector().round() == 1
    assert await both.tokens() == (None, "tok_visa")
    assert await both.collector().round() == 0


async def test_a_crash_before_orders_forgets_loses_nothing(both: Both) -> None:
    await both.place()
    await both.hear()
    with pytest.raises(Crash):
        await both.collector(Doomed).round()
    assert await both.tokens() == ("tok_visa", "tok_visa")
    assert await both.collector().round() == 0, "it is there: nothing is to be asked again"


async def test_orders_that_does_not_hear_of_it_stops_nothing(both: Both) -> None:
    await both.place()
    await both.hear()
    assert await both.collector(Away).round() == 1
    assert await both.tokens() == ("tok_visa", "tok_visa")


async def test_an_order_without_a_token_is_declined(both: Both) -> None:
    await both.place(token=None)
    await both.hear()
    assert await both.collector().round() == 1
    assert await both.state() == "declined"


async def test_a_token_that_another_instance_has_just_brought_is_kept(both: Both) -> None:
    """Two ask at the same time; the second hears that there is no token any more, after the first has stored it."""

    class Late(OrdersTokens):
        async def ask(self, order_ids: Sequence[UUID]) -> dict[UUID, str | None]:
            await both.collector().round()
            return await super().ask(order_ids)

    await both.place()
    await both.hear()
    await both.collector(Late).round()
    assert (await both.tokens(), await both.state()) == ((None, "tok_visa"), "pending")


async def test_an_order_that_is_not_to_be_paid_gives_no_token(both: Both) -> None:
    await both.place(status="cancelled")
    await both.hear()
    await both.collector().round()
    assert await both.tokens() == ("tok_visa", None)
    assert await both.state() == "declined"


async def test_an_order_that_is_not_known_is_asked_for_again(both: Both) -> None:
    await both.hear()
    assert await both.collector().round() == 0
    assert await both.state() == "pending"

"""By what an order is paid: kept until payments has it or nothing is to be paid, and said by no event."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select, text

from chassis.ids import uuid7
from chassis.messaging import Event, now, outbox
from orders import handlers, repository
from orders.consumers import AccountErased, PaymentCaptured, PaymentDeclined, PerformanceCancelled
from orders.events import Money, OrderPlaced
from orders.tables import orders, payment_tokens


class Till:
    """Orders in this process, where orders have been placed."""

    def __init__(self, app: Any) -> None:
        self.app = app
        self.database = app.runtime("orders").database

    async def placed(self, *, age: timedelta = timedelta()) -> OrderPlaced:
        placed = OrderPlaced(
            order_id=uuid7(),
            account_id=uuid7(),
            hold_id=uuid7(),
            performance_id=uuid7(),
            seats=["A1"],
            total=Money(amount=8500, currency="EUR"),
            starts_at=now() + timedelta(days=1),
            show="The Open Mic",
        )
        row = placed.model_dump(include={"account_id", "hold_id", "performance_id", "seats"})
        state = {"amount": 8500, "currency": "EUR", "status": "placed", "version": 1, "created_at": now() - age}
        request = {"idempotency_key": "a hash", "fingerprint": b"a hash"}
        async with self.database.transaction() as tx:
            await repository.insert_placed(tx, {"id": placed.order_id, **row, **state, **request})
            await repository.keep_token(tx, placed.order_id, "tok_visa")
            await outbox.append(tx, placed, versions=[1])
        return placed

    async def tokens(self, *orders: UUID) -> dict[UUID, str | None]:
        """What payments hears about them."""
        answer = await self.app.client.post(
            "/internal/payment-tokens", json={"order_ids": [str(order) for order in orders]}
        )
        assert answer.status_code == 200
        return {UUID(item["order_id"]): item["token"] for item in answer.json()["items"]}

    async def kept(self) -> list[UUID]:
        async with self.database.reading() as connection:
            return list((await connection.execute(select(payment_tokens.c.order_id))).scalars())

    async def keys(self) -> list[tuple[Any, Any]]:
        """What is kept of the requests that orders came with."""
        async with self.database.reading() as connection:
            rows = await connection.execute(
                select(orders.c.idempotency_key, orders.c.fingerprint).order_by(orders.c.id)
            )
            return [(row.idempotency_key, row.fingerprint) for row in rows]


@pytest.fixture
async def till(run: Any) -> Till:
    return Till(await run("orders"))


def captured(order: OrderPlaced) -> Event:
    return PaymentCaptured(order_id=order.order_id)


def declined(order: OrderPlaced) -> Event:
    return PaymentDeclined(order_id=order.order_id, reason="card-declined")


def called_off(order: OrderPlaced) -> Event:
    return PerformanceCancelled(performance_id=order.performance_id)


@pytest.mark.parametrize("end", [captured, declined, called_off])
async def test_a_token_goes_with_the_end_of_the_payment(till: Till, end: Any) -> None:
    order, other = await till.placed(), await till.placed()
    assert await till.tokens(order.order_id, other.order_id) == {order.order_id: "tok_visa", other.order_id: "tok_visa"}
    await till.app.deliver("orders", end(order))
    assert await till.kept() == [other.order_id]
    assert await till.tokens(order.order_id, other.order_id) == {order.order_id: None, other.order_id: "tok_visa"}


async def test_a_token_goes_with_the_cancellation(till: Till) -> None:
    order = await till.placed()
    await till.app.sign_in(order.account_id)
    await till.app.client.post(f"/api/orders/{order.order_id}/cancellation")
    assert await till.kept() == []


async def test_a_token_goes_when_payments_has_it(till: Till) -> None:
    order, other = await till.placed(), await till.placed()
    body = {"order_ids": [str(order.order_id)]}
    assert (await till.app.client.post("/internal/payment-tokens/received", json=body)).status_code == 204
    assert await till.kept() == [other.order_id]
    assert await till.tokens(order.order_id) == {order.order_id: None}


async def test_an_order_that_is_not_known_is_left_out(till: Till) -> None:
    assert await till.tokens(uuid7()) == {}


async def test_the_token_of_an_order_that_the_release_before_took_is_in_the_log(till: Till) -> None:
    order = await till.placed()
    async with till.database.transaction() as tx:
        await tx.execute(delete(payment_tokens))
        await tx.execute(text("""UPDATE event_log SET data = data || '{"payment_token": "tok_old"}'"""))
    assert await till.tokens(order.order_id) == {order.order_id: "tok_old"}


async def test_a_token_leaves_the_log_when_its_event_is_published(till: Till) -> None:
    order, over = await till.placed(), await till.placed()
    await till.app.deliver("orders", captured(over))
    async with till.database.transaction() as tx:
        await tx.execute(delete(payment_tokens))
        await tx.execute(text("""UPDATE event_log SET data = data || '{"payment_token": "tok_old"}'"""))
        await tx.execute(text("UPDATE event_log SET published_at = now()"))
    async with till.database.reading() as connection:
        log = (await connection.execute(text("SELECT data FROM event_log"))).scalars().all()
    assert log
    assert not [event for event in log if "payment_token" in event]
    assert await till.kept() == [order.order_id]
    assert await till.tokens(order.order_id) == {order.order_id: "tok_old"}


async def test_a_token_that_is_left_over_goes(till: Till) -> None:
    order, over = await till.placed(), await till.placed()
    await till.app.deliver("orders", captured(over))
    async with till.database.transaction() as tx:
        await repository.keep_token(tx, over.order_id, "tok_visa")
    assert await handlers.forget_unneeded(till.database) == 1
    assert await till.kept() == [order.order_id]


async def test_an_erased_account_leaves_no_keys(till: Till) -> None:
    erased = await till.placed()
    await till.placed()
    await till.app.deliver("orders", AccountErased(account_id=erased.account_id))
    assert await till.keys() == [(None, None), ("a hash", b"a hash")]


async def test_a_key_is_known_for_a_day(till: Till) -> None:
    await till.placed(age=timedelta(hours=25))
    await till.placed(age=timedelta(hours=23))
    assert await handlers.forget_unneeded(till.database) == 1
    assert await till.keys() == [(None, None), ("a hash", b"a hash")]
    assert await handlers.forget_unneeded(till.database) == 0

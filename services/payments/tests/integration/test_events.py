"""Payments as it runs: orders come by Kafka, are charged, and the news goes back by Kafka."""

from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import func, select

from chassis.database import event_log
from chassis.ids import uuid7
from chassis.messaging import now
from chassis.messaging.kafka import Outgoing, Producer
from chassis.testing import eventually
from orders import repository
from payments.tables import charges, simulator_charges

SECRETS = {"services/payments": {"provider_api_key": "k"}}


def placed(order_id: UUID) -> Outgoing:
    data = {"order_id": order_id, "total": {"amount": 8500, "currency": "EUR"}, "news": 1}
    return of_order("order.placed", order_id, data)


async def known(app: Any, order_id: UUID, token: str = "tok_visa") -> Outgoing:
    """An order that orders knows, and the news of it."""
    row = {"id": order_id, "account_id": uuid7(), "hold_id": uuid7(), "performance_id": uuid7(), "seats": ["A1"]}
    state = {"amount": 8500, "currency": "EUR", "status": "placed", "version": 1, "created_at": now()}
    async with app.runtime("orders").database.transaction() as tx:
        await repository.insert_placed(tx, row | state)
        await repository.keep_token(tx, order_id, token)
    return placed(order_id)


def of_order(kind: str, order_id: UUID, data: dict[str, Any]) -> Outgoing:
    return Outgoing(
        topic="orders",
        key=str(order_id).encode(),
        value=orjson.dumps(data),
        id=str(uuid7()),
        type=kind,
        source="orders",
        time=now().isoformat(),
    )


async def test_redelivered_orders_are_charged_once(kafka: Any, run: Any) -> None:
    app = await run("orders", "payments", secrets=SECRETS)
    runtime = app.runtime("payments")
    producer = Producer(runtime.settings)
    orders = [await known(app, uuid7()) for _ in range(20)]
    again = [placed(UUID(order.key.decode())) for order in orders]  # the same orders in new envelopes

    async def all_published() -> bool:
        async with runtime.database.reading() as connection:
            published = select(func.count()).where(event_log.c.published_at.is_not(None))
            return bool(await connection.scalar(published) == len(orders))

    try:
        await eventually(lambda: _sent(producer, [*orders, *orders]))
        await eventually(all_published)
        await producer.send([*orders, *again, await known(app, uuid7(), "tok_declined")])

        async def the_last_is_declined() -> bool:
            async with runtime.database.reading() as connection:
                declined = select(func.count()).where(charges.c.state == "declined")
                return bool(await connection.scalar(declined) == 1)

        await eventually(the_last_is_declined)
    finally:
        await producer.close()
    async with runtime.database.reading() as connection:
        calls = (await connection.execute(select(simulator_charges.c.calls))).scalars().all()
        captured = await connection.scalar(select(func.count()).where(event_log.c.type == "payment.captured"))
    assert (calls, captured) == ([1] * (len(orders) + 1), len(orders))


async def _sent(producer: Producer, batch: list[Outgoing]) -> bool:
    await producer.send(batch)
    return True

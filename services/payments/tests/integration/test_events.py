"""Payments as it runs: orders come by Kafka, are charged, and the news goes back by Kafka."""

from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import func, select

from chassis.events import now
from chassis.ids import uuid7
from chassis.kafka import Outgoing, Producer
from chassis.tables import event_log
from chassis.testing import eventually
from payments.tables import charges, simulator_charges

SECRETS = {"services/payments": {"provider_api_key": "k"}}


def placed(order_id: UUID, **more: Any) -> Outgoing:
    data = {"order_id": order_id, "total": {"amount": 8500, "currency": "EUR"}, "payment_token": "tok_visa", "news": 1}
    return of_order("order.placed", order_id, data | more)


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
    app = await run("payments", secrets=SECRETS)
    runtime = app.runtime("payments")
    producer = Producer(runtime.settings)
    orders = [placed(uuid7()) for _ in range(20)]
    again = [placed(UUID(order.key.decode())) for order in orders]  # the same orders in new envelopes

    async def all_published() -> bool:
        async with runtime.database.reading() as connection:
            published = select(func.count()).where(event_log.c.published_at.is_not(None))
            return bool(await connection.scalar(published) == len(orders))

    try:
        await eventually(lambda: _sent(producer, [*orders, *orders]))
        await eventually(all_published)
        await producer.send([*orders, *again, placed(uuid7(), payment_token="tok_declined")])

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

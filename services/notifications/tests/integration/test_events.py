"""Notifications as it runs: news comes by Kafka, twice and in any order, tickets and mails come out."""

from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select

from chassis.ids import uuid7
from chassis.messaging import now
from chassis.messaging.kafka import Outgoing, Producer
from chassis.testing import eventually
from notifications.tables import mails, tickets

SECRETS = {"services/notifications": {"ticket_key": "ab" * 32}, "services/accounts": {"signing_key": "cd" * 32}}
TOTAL = {"amount": 8500, "currency": "EUR"}


def news(topic: str, kind: str, key: UUID, **data: Any) -> Outgoing:
    return Outgoing(
        topic=topic,
        key=str(key).encode(),
        value=orjson.dumps(data),
        id=str(uuid7()),
        type=kind,
        source=topic,
        time=now().isoformat(),
    )


def of_order(kind: str, order_id: UUID, account_id: UUID, **data: Any) -> Outgoing:
    about = {"order_id": order_id, "account_id": account_id, "show": "Hamlet", "total": TOTAL, "reason": "customer"}
    return news("orders", kind, order_id, **(about | data))


async def test_news_becomes_tickets_and_mails_once(kafka: Any, run: Any, sink: Any) -> None:
    app = await run("accounts", "notifications", secrets=SECRETS, smtp_url=sink.url)
    runtime = app.runtime("notifications")
    ada = {"email": "ada@example.org", "password": "a long enough phrase", "name": "Ada", "country": "NL"}
    account = UUID((await app.client.post("/api/accounts", json=ada)).json()["id"])
    kept, refunded, declined = uuid7(), uuid7(), uuid7()
    seats = {"performance_id": uuid7(), "seats": ["A1", "A2"], "starts_at": "2026-05-01T18:30:00Z"}
    batch = [
        of_order("order.confirmed", kept, account, **seats),
        of_order("order.confirmed", refunded, account, **seats),
        of_order("order.cancelled", refunded, account),
        of_order("order.refunded", refunded, account),
        of_order("order.declined", declined, account, reason="card-declined"),
        news("accounts", "account.registered", account, account_id=account),
    ]
    producer = Producer(runtime.settings)

    async def all_sent() -> bool:
        async with runtime.database.reading() as connection:
            states = (await connection.execute(select(mails.c.state))).scalars().all()
            return sorted(states) in (["dropped", *["sent"] * 5], ["sent"] * 6)

    try:
        await eventually(lambda: _sent(producer, [*batch, *batch]))
        await eventually(all_sent)
    finally:
        await producer.close()
    async with runtime.database.reading() as connection:
        states = {(row.order_id, row.state) for row in await connection.execute(select(tickets))}
    assert states == {(kept, "valid"), (refunded, "void")}
    subjects = [mail["Subject"] for mail in sink.mails]
    assert len(subjects) == len({mail["Message-ID"] for mail in sink.mails})
    assert set(sink.recipients) == {"ada@example.org"}
    assert {"Welcome to Box Office", "Your payment for Hamlet was declined"} < set(subjects)


async def _sent(producer: Producer, batch: list[Outgoing]) -> bool:
    await producer.send(batch)
    return True

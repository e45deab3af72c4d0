"""What instances of the release before write during a rolling upgrade, or have written, says nothing of a person."""

import runpy
from collections.abc import Awaitable, Callable
from uuid import uuid4

import orjson
import pytest
from sqlalchemy import insert, select, text

from chassis.database import Database, event_log
from chassis.database.migrations import folder_of
from notifications.tables import contacts

Connect = Callable[[str], Awaitable[Database]]


async def test_a_person_leaves_the_log_when_the_event_is_published(service_database: Connect) -> None:
    accounts, account = await service_database("accounts"), str(uuid4())
    data = {"account_id": account, "email": "ada@example.org", "name": "Ada", "jurisdiction": "eu"}
    row = {"id": uuid4(), "topic": "accounts", "key": account, "type": "account.registered", "data": data}
    async with accounts.transaction() as tx:
        await tx.execute(insert(event_log), row)
        assert await tx.scalar(select(event_log.c.data)) == data, "Kafka gets what that release reads"
        await tx.execute(text("UPDATE event_log SET published_at = now()"))
        assert await tx.scalar(select(event_log.c.data)) == {"account_id": account, "jurisdiction": "eu"}


async def test_contacts_stay_empty(service_database: Connect) -> None:
    notifications = await service_database("notifications")
    async with notifications.transaction() as tx:
        await tx.execute(insert(contacts), {"account_id": uuid4(), "email": "ada@example.org", "name": "Ada"})
        await tx.execute(text("UPDATE contacts SET name = 'Ada', email = 'ada@example.org'"))
        assert [(row.email, row.name) for row in await tx.execute(select(contacts))] == [(None, None)]


@pytest.mark.parametrize(
    ("service", "migration", "type", "personal"),
    [
        ("notifications", "0004_contacts_say_nothing", "account.registered", ["email", "name"]),
        ("payments", "0002_letters_without_tokens", "order.placed", ["payment_token"]),
    ],
)
@pytest.mark.parametrize("spaced", [True, False])
async def test_its_dead_letters_say_nothing(
    service_database: Connect, service: str, migration: str, type: str, personal: list[str], spaced: bool
) -> None:
    database = await service_database(service)
    value = {"account_id": "1", **dict.fromkeys(personal, 'Zebedee "the" \\ last')}
    said = orjson.dumps(value).decode()
    topic = {"order.placed": "orders", "account.registered": "accounts"}[type]
    letter = {"topic": topic, "reason": "why", "value": said.replace('":', '": ') if spaced else said}
    row = {"id": uuid4(), "topic": f"{topic}.dead-letter", "key": "1", "type": type, "data": letter}
    async with database.transaction() as tx:
        await tx.execute(insert(event_log), row)
        await tx.execute(text(runpy.run_path(str(folder_of(service) / f"{migration}.py"))["LETTERS"]))
        [kept] = (await tx.scalars(select(event_log.c.data))).all()
    assert orjson.loads(kept["value"]) == {"account_id": "1", **dict.fromkeys(personal, "")}
    assert kept["reason"] == "why"

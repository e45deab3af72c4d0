"""What is left of a person in each table after an erasure: the tables come from the schema, so a new one is here too.

Every table of a service gets a row in which each column that could say who somebody is says it. What may still be there
afterwards is written down, here column by column and in docs/personal-data.md table by table.
"""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import cast, column, insert, text
from sqlalchemy import table as sql_table
from sqlalchemy.dialects.postgresql import JSONB

from accounts import handlers
from chassis.database import Database, tables
from chassis.testing import App, Databases, Servers
from engines.erasures import erase_again
from notifications.consumers import AccountErased
from support.books import SERVICES

CANARY = "zebedee"
STAYS = {
    "catalog.performances": {"prices"},
    "catalog.shows": {"title", "description", "genre", "owner_id"},
    "catalog.venues": {"name", "city", "country", "timezone", "zones", "owner_id"},
    "notifications.contacts": {"account_id"},
    "notifications.tickets": {"seat", "show", "code", "state"},
    "orders.orders": {"account_id", "seats", "currency", "status"},
    "orders.payment_tokens": {"token"},
    "payments.charges": {"state", "currency", "token", "reason", "traceparent"},
    "payments.simulator_charges": {"state", "currency", "reason"},
    "seats.claims": {"label"},
    "seats.holds": {"account_id", "labels", "currency"},
    "seats.performances": {"show", "zones"},
}
"""Ids, and text that names no person. Tokens are no longer there when the payment has ended: tests of both services."""
DOCUMENT = Path(__file__).parents[3] / "docs" / "personal-data.md"
COLUMNS = """
    SELECT c.table_name, c.column_name, c.udt_name AS type, p.relname AS parent
    FROM information_schema.columns c
    LEFT JOIN pg_constraint f ON f.contype = 'f' AND f.conrelid = format('%I', c.table_name)::regclass
        AND f.conkey = (SELECT array_agg(attnum) FROM pg_attribute
                        WHERE attrelid = f.conrelid AND attname = c.column_name)
    LEFT JOIN pg_class p ON p.oid = f.confrelid
    WHERE c.table_schema = 'public' AND c.is_generated = 'NEVER' AND c.is_identity = 'NO'
    ORDER BY c.table_name, c.ordinal_position
"""
VALUES = {
    "text": CANARY,
    "varchar": CANARY,
    "_text": [CANARY],
    "jsonb": cast({"is": CANARY}, JSONB),
    "bytea": CANARY.encode(),
    "int4": 1,
    "int8": 1,
    "bool": False,
}
CHECKS = """
    SELECT conrelid::regclass::text AS its_table, conname
    FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace
"""
OWN = {"event_log", "relay_offset", "inbox", "alembic_version"}
"""Of the chassis: events hold no person (chassis/personal.py)."""


class Person:
    """A customer who is in every table of a service."""

    def __init__(self, database: Database, account_id: UUID) -> None:
        self._database, self._account_id, self._same = database, account_id, uuid4()

    async def columns(self) -> dict[str, dict[str, Any]]:
        """The columns of each table, and a value for each; ids of other things are the same one everywhere."""
        found: dict[str, dict[str, Any]] = {}
        async with self._database.reading() as connection:
            for row in (await connection.execute(text(COLUMNS))).all():
                if row.table_name not in OWN:
                    found.setdefault(row.table_name, {})[row.column_name] = self._value(row)
        return found

    def _value(self, row: Any) -> Any:
        if row.type == "uuid":
            names = {row.column_name, row.parent, f"{row.table_name}.{row.column_name}"}
            return self._account_id if names & {"account_id", "owner_id", "accounts", "accounts.id"} else self._same
        if row.type == "timestamptz":
            return text("now() + interval '1 hour'")
        return VALUES[row.type]

    async def enter(self) -> None:
        async with self._database.transaction() as tx:
            await tx.execute(text("SET LOCAL session_replication_role = replica"))  # no order of tables, no triggers
            for check in (await tx.execute(text(CHECKS))).all():
                await tx.execute(text(f'ALTER TABLE {check.its_table} DROP CONSTRAINT "{check.conname}"'))
            for table, values in (await self.columns()).items():
                await tx.execute(insert(sql_table(table, *map(column, values))).values(values))

    async def traces(self, service: str) -> dict[str, set[str]]:
        """In which columns of which tables something still says who it was, or has the id."""
        found: dict[str, set[str]] = {}
        async with self._database.reading() as connection:
            for table, columns in (await self.columns()).items():
                for name in columns:
                    says = text(f"""SELECT 1 FROM "{table}" WHERE "{name}"::text ~ :words""")  # noqa: S608 - our own
                    words = f"{CANARY}|{CANARY.encode().hex()}|{self._account_id}"
                    if (await connection.execute(says, {"words": words})).first():
                        found.setdefault(f"{service}.{table}", set()).add(name)
        return found


Erase = Callable[[UUID], Awaitable[object]]


@pytest.fixture(params=["asked for", "restored"])
def erase(
    request: pytest.FixtureRequest, servers: Servers, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> Callable[[App], Erase]:
    """How accounts forgets somebody: asked by the person, or again after a restore."""
    monkeypatch.setattr("engines.erasures.SERVICE", databases.url.rpartition("/")[2].format(service="accounts"))

    def of(app: App) -> Erase:
        if request.param == "asked for":
            return lambda account: handlers.erase(app.runtime("accounts"), account)
        return lambda account: erase_again(servers.postgres, {str(account)})

    return of


async def test_accounts_keeps_nothing(run: Callable[..., Awaitable[App]], erase: Callable[[App], Erase]) -> None:
    app, account = await run("accounts"), uuid4()
    person = Person(app.runtime("accounts").database, account)
    await person.enter()
    assert await person.traces("accounts"), "what is there is found"
    await erase(app)(account)
    assert await person.traces("accounts") == {}


@pytest.mark.parametrize("service", sorted({*SERVICES} - {"accounts"}))
async def test_others_keep_what_is_written_down(run: Callable[..., Awaitable[App]], service: str) -> None:
    app, account = await run(service), uuid4()
    person = Person(app.runtime(service).database, account)
    await person.enter()
    await app.deliver(service, AccountErased(account_id=account))
    stays = {table: columns for table, columns in STAYS.items() if table.startswith(f"{service}.")}
    assert await person.traces(service) == stays


def test_what_stays_is_in_the_document() -> None:
    document = DOCUMENT.read_text()
    assert not [table for table in STAYS if f"`{table}`" not in document]


def test_tables_of_the_chassis_are_known() -> None:
    assert {*tables.metadata.tables} <= OWN

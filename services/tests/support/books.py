"""The databases of a running stack, for tests that check what no API shows: what was sold, charged and forgotten."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

import asyncpg

SERVICES = ("accounts", "catalog", "seats", "orders", "payments", "notifications")


class Books:
    """Reads the database of each service as Postgres's superuser. `postgres` answers its URL, without a database."""

    def __init__(self, postgres: Callable[[], str]) -> None:
        self._postgres = postgres

    async def query(self, service: str, statement: str, *values: Any) -> list[asyncpg.Record]:
        url = await asyncio.to_thread(self._postgres)
        connection = await asyncpg.connect(f"{url}/{service}", timeout=5)
        try:
            rows: list[asyncpg.Record] = await connection.fetch(statement, *values)
        finally:
            await connection.close()
        return rows

    async def orders(self, ids: Sequence[UUID]) -> list[asyncpg.Record]:
        return await self.query("orders", "SELECT * FROM orders WHERE id = ANY($1)", ids)

    async def claims(self, performance: UUID) -> list[asyncpg.Record]:
        return await self.query("seats", "SELECT * FROM claims WHERE performance_id = $1", performance)

    async def charges(self, orders: Sequence[UUID]) -> list[asyncpg.Record]:
        """What payments knows of the money for these orders."""
        return await self.query("payments", "SELECT * FROM charges WHERE order_id = ANY($1)", orders)

    async def provider(self, orders: Sequence[UUID]) -> list[asyncpg.Record]:
        """What the payment provider has in its own books about these orders."""
        statement = "SELECT * FROM simulator_charges WHERE idempotency_key = ANY($1)"
        return await self.query("payments", statement, orders)

    async def tickets(self, orders: Sequence[UUID]) -> list[asyncpg.Record]:
        return await self.query("notifications", "SELECT * FROM tickets WHERE order_id = ANY($1)", orders)

    async def mentions(self, *words: str) -> list[str]:
        """Where one of `words` stands: `service.table` of every row that says it, in whatever column."""
        return [place for service in SERVICES for place in await self._mentions(service, words)]

    async def _mentions(self, service: str, words: Iterable[str]) -> list[str]:
        tables = await self.query(service, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        found: list[str] = []
        for table in sorted(row["tablename"] for row in tables):
            statement = f'SELECT 1 FROM "{table}" AS it WHERE it::text ILIKE ANY($1)'  # noqa: S608 - our own tables
            rows = await self.query(service, statement, [f"%{word}%" for word in words])
            found += [f"{service}.{table}"] * len(rows)
        return found

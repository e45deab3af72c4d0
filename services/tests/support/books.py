"""The databases of a running stack, for tests that check what no API shows: what was sold, charged and forgotten."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg

from engines.pgtools import database_url
from support.ledger import Claim, Entry, Ledger, Placed

SERVICES = ("accounts", "catalog", "seats", "orders", "payments", "notifications")
PATIENCE_SECONDS = 20.0
OF_PERFORMANCE = "performance_id = $1 OR $1 IS NULL"


class Books:
    """Reads the database of each service as Postgres's superuser. `postgres` answers its URL, without a database."""

    def __init__(self, postgres: Callable[[], str]) -> None:
        self._postgres = postgres
        self._url = ""

    async def query(self, service: str, statement: str, *values: Any) -> list[asyncpg.Record]:
        async with self._connected(service) as connection:
            rows: list[asyncpg.Record] = await connection.fetch(statement, *values)
            return rows

    @asynccontextmanager
    async def locked(self, service: str) -> AsyncIterator[None]:
        """Its database takes no connection and has none, for the time of the block."""
        async with self._connected("postgres") as connection:
            await connection.execute(f'ALTER DATABASE "{service}" ALLOW_CONNECTIONS false')
            try:
                ending = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1"
                await connection.fetch(ending, service)
                yield
            finally:
                await connection.execute(f'ALTER DATABASE "{service}" ALLOW_CONNECTIONS true')

    @asynccontextmanager
    async def _connected(self, service: str) -> AsyncIterator[asyncpg.Connection]:
        """A connection to its database. The server may have gone elsewhere, and the way to it may break: so again."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                self._url = self._url or await asyncio.to_thread(self._postgres)
                connection = await asyncpg.connect(database_url(self._url, service), timeout=5)
                break
            except (OSError, TimeoutError):
                self._url = ""
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(0.1)
        try:
            yield connection
        finally:
            await connection.close()

    async def orders(self, ids: Sequence[UUID]) -> list[asyncpg.Record]:
        return await self.query("orders", "SELECT * FROM orders WHERE id = ANY($1)", ids)

    async def charges(self, orders: Sequence[UUID]) -> list[asyncpg.Record]:
        """What payments knows of the money for these orders."""
        return await self.query("payments", "SELECT * FROM charges WHERE order_id = ANY($1)", orders)

    async def provider(self, orders: Sequence[UUID]) -> list[asyncpg.Record]:
        """What the payment provider has in its own books about these orders."""
        statement = "SELECT * FROM simulator_charges WHERE idempotency_key = ANY($1)"
        return await self.query("payments", statement, orders)

    async def tickets(self, orders: Sequence[UUID]) -> list[asyncpg.Record]:
        return await self.query("notifications", "SELECT * FROM tickets WHERE order_id = ANY($1)", orders)

    async def ledger(self, accepted: Collection[UUID], performance: UUID | None = None) -> Ledger:
        """What all services have about the orders of a performance, or about all orders."""
        placed = await self.query("orders", f"SELECT * FROM orders WHERE {OF_PERFORMANCE}", performance)  # noqa: S608
        ids = [each["id"] for each in placed]
        charges = {each["order_id"]: each["state"] for each in await self.charges(ids)}
        sold = f"SELECT * FROM claims WHERE order_id IS NOT NULL AND ({OF_PERFORMANCE})"  # noqa: S608
        claims = await self.query("seats", sold, performance)
        off = await self.query("catalog", "SELECT id FROM performances WHERE cancelled_at IS NOT NULL")
        return Ledger(
            accepted=set(accepted),
            orders=[
                Placed(
                    id=each["id"],
                    status=each["status"],
                    performance=each["performance_id"],
                    seats=each["seats"],
                    amount=each["amount"],
                    charge=charges.get(each["id"], ""),
                )
                for each in placed
            ],
            claims=[Claim(each["performance_id"], each["label"], each["order_id"]) for each in claims],
            entries=[
                Entry(each["idempotency_key"], str(each["payment_id"]), each["state"], each["amount"])
                for each in await self.provider(ids)
            ],
            tickets=[(each["order_id"], each["seat"]) for each in await self.tickets(ids) if each["state"] == "valid"],
            cancelled={each["id"] for each in off},
        )

    async def mentions(self, *words: str) -> list[str]:
        """Where one of `words` stands: `service.table` of every row that says it, in whatever column."""
        return [place for service in SERVICES for place in await self._mentions(service, words)]

    async def _mentions(self, service: str, words: Iterable[str]) -> list[str]:
        patterns, found = [f"%{word}%" for word in words], []
        async with self._connected(service) as connection:
            tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            for table in sorted(row["tablename"] for row in tables):
                statement = f'SELECT 1 FROM "{table}" AS it WHERE it::text ILIKE ANY($1)'  # noqa: S608 - our own tables
                found += [f"{service}.{table}"] * len(await connection.fetch(statement, patterns))
        return found

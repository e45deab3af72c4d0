"""The two promises of the box office, checked in the books of all services once the dust has settled."""

from collections import Counter
from collections.abc import Collection
from uuid import UUID

import asyncpg

from chassis.testing import eventually
from support.books import Books
from support.customer import OVER

CHARGES = {
    "confirmed": {"captured"},
    "declined": {"declined"},
    "refunded": {"refunded"},
    "cancelled": {"voided", "declined"},  # taken back before the provider had taken money, or while it declined
}
"""What payments says of an order that has ended with this status."""
SETTLE_SECONDS = 60


class Promises:
    """Checks what became of the orders of one performance."""

    def __init__(self, books: Books, performance: UUID) -> None:
        self._books = books
        self._performance = performance

    async def kept(self, accepted: Collection[UUID]) -> Counter[str]:
        """Wait for every order to end; then both promises must hold. Answers how many ended in which way.

        `accepted` are the orders that got their 202; there may be more, whose answer was lost on the way.
        """
        orders = await self._until_all_are_over()
        assert set(accepted) <= set(_ids(orders)), "an order that got its 202 is gone"
        await self._no_seat_is_sold_twice(orders)
        await self._each_is_charged_once(orders)
        await self._each_has_its_tickets(orders)
        return Counter(order["status"] for order in orders)

    async def _until_all_are_over(self) -> list[asyncpg.Record]:
        """Wait until every order has ended and payments has done what follows from it; answers the orders."""

        async def open_orders() -> list[str]:
            orders = await self._orders()
            charges = {each["order_id"]: each["state"] for each in await self._books.charges(_ids(orders))}
            told = ((order["id"], order["status"], charges.get(order["id"], "")) for order in orders)
            return [f"{number} {status} {charge}" for number, status, charge in told if not _over(status, charge)]

        await eventually(open_orders, lambda found: not found, seconds=SETTLE_SECONDS)
        return await self._orders()

    async def _no_seat_is_sold_twice(self, orders: list[asyncpg.Record]) -> None:
        """What confirmed orders say, and what the claims say, is the same, and has every seat once."""
        sold = sorted(
            (label, each["id"]) for each in orders if each["status"] == "confirmed" for label in each["seats"]
        )
        assert len({label for label, _ in sold}) == len(sold), "a seat is in two confirmed orders"

        async def claimed() -> list[tuple[str, UUID]]:
            claims = await self._books.claims(self._performance)
            return sorted((each["label"], each["order_id"]) for each in claims if each["order_id"])

        await eventually(claimed, lambda found: found == sold)

    async def _each_is_charged_once(self, orders: list[asyncpg.Record]) -> None:
        """The provider's own books: it has the money of each confirmed order, once, and of no other."""
        entries = await self._books.provider(_ids(orders))
        kept = {each["idempotency_key"]: each["amount"] for each in entries if each["state"] == "captured"}
        assert kept == {each["id"]: each["amount"] for each in orders if each["status"] == "confirmed"}
        assert {each["state"] for each in entries} <= {"captured", "declined", "refunded", "closed"}
        payments = [each["payment_id"] for each in entries]
        assert len(set(payments)) == len(payments)

    async def _each_has_its_tickets(self, orders: list[asyncpg.Record]) -> None:
        """A confirmed order has one valid ticket for each seat; no other has any."""
        wanted = sorted(
            (each["id"], seat) for each in orders if each["status"] == "confirmed" for seat in each["seats"]
        )

        async def valid() -> list[tuple[UUID, str]]:
            tickets = await self._books.tickets(_ids(orders))
            return sorted((each["order_id"], each["seat"]) for each in tickets if each["state"] == "valid")

        await eventually(valid, lambda found: found == wanted, seconds=SETTLE_SECONDS)

    async def _orders(self) -> list[asyncpg.Record]:
        return await self._books.query("orders", "SELECT * FROM orders WHERE performance_id = $1", self._performance)


def _ids(orders: list[asyncpg.Record]) -> list[UUID]:
    return [order["id"] for order in orders]


def _over(status: str, charge: str) -> bool:
    return status in OVER and charge in CHARGES[status]

"""A cash desk on a fresh database: the simulated provider, whose line can be cut, and cashiers to be started."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from chassis.database import Database, event_log
from chassis.ids import uuid7
from chassis.secrets import SecretValue
from chassis.testing import StaticSecrets, eventually
from payments import handlers
from payments.cashier import Cashier
from payments.clients import ChargeRequest
from payments.domain import Captured, Charge, Declined, Reversed, State
from payments.settings import PaymentsSettings
from payments.simulator import SimulatedProvider
from payments.tables import charges, simulator_charges

SECRETS = {"services/payments": {"provider_api_key": "key-of-the-provider"}}


class Line:
    """The line to the provider. While it is `cut`, what the provider does is done but its answer is lost.

    What it says of the orders in `garbled` is something that no database can hold. The provider's answer to a slow card
    waits for `patience`.
    """

    def __init__(self, provider: SimulatedProvider) -> None:
        self._provider = provider
        self.cut = False
        self.garbled: set[UUID] = set()
        self.patience = asyncio.Event()
        self.patience.set()

    async def charge(self, request: ChargeRequest) -> Captured | Declined:
        answer = await self._provider.charge(request)
        if request.token == "tok_slow":
            await self.patience.wait()
        self._check()
        return Declined("\x00") if request.idempotency_key in self.garbled else answer

    async def reverse(self, idempotency_key: UUID) -> Reversed:
        answer = await self._provider.reverse(idempotency_key)
        self._check()
        return answer

    def _check(self) -> None:
        if self.cut:
            raise ConnectionResetError("the line is cut")


@dataclass
class Desk:
    """What a test does with payments, and what it sees of it."""

    database: Database
    line: Line
    secrets: StaticSecrets
    cashiers: list[Cashier] = field(default_factory=list)

    def cashier(self, **settings: Any) -> Cashier:
        """A cashier that is not started."""
        cashier = Cashier(self.database, self.line, PaymentsSettings(round_seconds=0.005, **settings))
        self.cashiers.append(cashier)
        return cashier

    def start(self, **settings: Any) -> Cashier:
        cashier = self.cashier(**settings)
        cashier.start()
        return cashier

    async def place(self, card: str = "tok_visa", *, order_id: UUID | None = None) -> UUID:
        """An order was placed; `card` is its payment token."""
        order_id = order_id or uuid7()
        charge = Charge(order_id, State.PENDING, amount=8500, currency="EUR", token=card, traceparent="00-a-b-01")
        async with self.database.transaction() as tx:
            await handlers.open_charges(tx, [charge])
        self._wake()
        return order_id

    async def cancel(self, order_id: UUID) -> None:
        """An order was cancelled."""
        async with self.database.transaction() as tx:
            await handlers.cancel_charges(tx, [order_id])
        self._wake()

    async def state(self, order_id: UUID) -> str | None:
        async with self.database.reading() as connection:
            state: str | None = await connection.scalar(select(charges.c.state).where(charges.c.order_id == order_id))
            return state

    async def attempts(self, order_id: UUID) -> int:
        """How often the provider was asked about an order in its present state."""
        async with self.database.reading() as connection:
            query = select(charges.c.attempts).where(charges.c.order_id == order_id)
            return int(await connection.scalar(query) or 0)

    async def is_asked(self, order_id: UUID, *, times: int = 1) -> None:
        """Wait until the provider was asked about an order."""

        async def is_so() -> bool:
            return await self.attempts(order_id) >= times

        await eventually(is_so)

    async def becomes(self, order_id: UUID, state: str, *, seconds: float = 20.0) -> None:
        async def is_so() -> bool:
            return await self.state(order_id) == state

        await eventually(is_so, seconds=seconds)

    async def books(self) -> dict[UUID, Any]:
        """What the provider has booked, by order."""
        async with self.database.reading() as connection:
            return {row.idempotency_key: row for row in await connection.execute(select(simulator_charges))}

    async def is_booked(self, order_id: UUID) -> None:
        """Wait until the provider has booked something for an order."""

        async def is_so() -> bool:
            return order_id in await self.books()

        await eventually(is_so)

    async def told(self, order_id: UUID) -> list[str]:
        """The types of the events about an order."""
        return [row.type for row in await self.log() if row.key == str(order_id)]

    async def log(self) -> list[Any]:
        async with self.database.reading() as connection:
            return list(await connection.execute(select(event_log).order_by(event_log.c.position)))

    async def told_in_all(self) -> Counter[str]:
        return Counter(row.type for row in await self.log())

    def _wake(self) -> None:
        for cashier in self.cashiers:
            cashier.wake()


@pytest.fixture
async def desk(service_database: Callable[[str], Awaitable[Database]]) -> AsyncIterator[Desk]:
    database = await service_database("payments")
    secrets = StaticSecrets(SECRETS)
    provider = SimulatedProvider(database, SecretValue(secrets, "services/payments", "provider_api_key"))
    desk = Desk(database, Line(provider), secrets)
    yield desk
    for cashier in desk.cashiers:
        await cashier.stop(grace_seconds=1)

"""A signed-in customer at orders, on a real database; holds are in memory."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from chassis.ids import uuid7
from chassis.live import Broadcast
from chassis.messaging import Event, now
from chassis.service import Runtime
from orders import handlers
from orders.api import holds
from orders.clients import Hold
from orders.events import Money
from orders.idempotency import Request
from orders.schemas import OrderView, PlaceOrder


class Holds:
    """The holds of a test, in memory."""

    def __init__(self) -> None:
        self.held: dict[UUID, Hold] = {}

    async def get(self, hold_id: UUID) -> Hold | None:
        return self.held.get(hold_id)

    def add(self, account_id: UUID, *, performance_id: UUID | None = None, starts_in: timedelta = timedelta(1)) -> Hold:
        hold = Hold(
            id=uuid7(),
            account_id=account_id,
            performance_id=performance_id or uuid4(),
            seats=["A1", "A2"],
            total=Money(amount=8500, currency="EUR"),
            show="The Open Mic",
            starts_at=now() + starts_in,
        )
        self.held[hold.id] = hold
        return hold


class Desk:
    """A signed-in customer at orders."""

    def __init__(self, app: Any, holds: Holds, account_id: UUID) -> None:
        self.app, self.holds, self.account_id = app, holds, account_id

    async def place(
        self, hold: Hold | None = None, *, key: str | None = None, token: str = "tok_visa"
    ) -> httpx.Response:
        hold = hold or self.holds.add(self.account_id)
        body = {"hold_id": str(hold.id), "payment_token": token}
        answer: httpx.Response = await self.app.client.post(
            "/api/orders", json=body, headers={"idempotency-key": key or str(uuid4())}
        )
        return answer

    async def placed(self, **more: Any) -> UUID:
        answer = await self.place(self.holds.add(self.account_id, **more))
        assert answer.status_code == 202, answer.text
        return UUID(answer.json()["id"])

    async def happen(self, *events: Event, **more: Any) -> None:
        await self.app.deliver("orders", *events, **more)

    async def insert(self, tx: AsyncConnection, hold: Hold) -> UUID:
        """Place an order in a transaction that is still open."""
        command = PlaceOrder(hold_id=hold.id, payment_token="tok_visa")
        request = Request.of(command, self.account_id, str(uuid4()))
        order = await handlers.take_order(tx, hold, command.payment_token, request, now=now())
        assert isinstance(order, OrderView)
        return order.id

    @property
    def database(self) -> Database:
        runtime: Runtime = self.app.runtime("orders")
        return runtime.database

    @property
    def broadcast(self) -> Broadcast:
        runtime: Runtime = self.app.runtime("orders")
        return runtime.broadcast

    async def status(self, order_id: UUID) -> str:
        return str((await self.app.client.get(f"/api/orders/{order_id}")).json()["status"])

    async def history(self, order_id: UUID) -> list[str]:
        items = (await self.app.client.get(f"/api/orders/{order_id}/history")).json()["items"]
        return [item["type"] for item in items]


@pytest.fixture
async def desk(run: Any) -> Desk:
    app = await run("orders")
    fake = Holds()

    async def fake_holds() -> Holds:
        return fake

    app.process.applications["orders"].dependency_overrides[holds] = fake_holds
    return Desk(app, fake, await app.sign_in())

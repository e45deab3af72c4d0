"""Seats on the real servers, a performance on sale, and buyers."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from chassis.messaging import now
from chassis.testing import App
from seats.consumers import OrderCancelled, OrderDeclined, OrderPaid, PerformanceScheduled
from seats.domain import Money, Row, Zone

ZONES = [
    Zone(name="Stalls", price=Money(amount=2500, currency="EUR"), rows=[Row(name="A", seats=12)]),
    Zone(name="Balcony", price=Money(amount=1000, currency="EUR"), rows=[Row(name="B", seats=3)]),
]


TRIES = 20


@dataclass(frozen=True)
class Buyer:
    """Somebody who is signed in."""

    app: App
    performance_id: UUID

    async def hold(self, *seats: str) -> httpx.Response:
        """The answer to one who comes again after a 503: on a busy machine, more buyers at once than the pool has
        connections may wait for one past the bound.
        """
        body = {"performance_id": str(self.performance_id), "seats": seats}
        for _ in range(TRIES):
            response = await self.app.client.post("/api/holds", json=body)
            if response.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
        return response

    async def held(self, *seats: str) -> UUID:
        """A hold that is sure to work; answers its id."""
        response = await self.hold(*seats)
        assert response.status_code == 201, response.text
        return UUID(response.json()["id"])


@dataclass(frozen=True)
class Stage:
    """A performance on sale."""

    app: App
    performance_id: UUID

    async def buyer(self) -> Buyer:
        somebody = self.app.another_client()
        await somebody.sign_in()
        return Buyer(somebody, self.performance_id)

    async def states(self) -> dict[str, str]:
        """The seats that are not available."""
        seats = (await self.app.client.get(f"/api/performances/{self.performance_id}/seats")).json()["seats"]
        return {seat["label"]: seat["state"] for seat in seats if seat["state"] != "available"}

    def paid(self, hold_id: UUID, *seats: str, order_id: UUID | None = None) -> OrderPaid:
        return OrderPaid(
            order_id=order_id or uuid4(), hold_id=hold_id, performance_id=self.performance_id, seats=list(seats)
        )

    def cancelled(self, order: OrderPaid) -> OrderCancelled:
        return OrderCancelled(order_id=order.order_id, hold_id=order.hold_id, performance_id=self.performance_id)

    def declined(self, order: OrderPaid) -> OrderDeclined:
        return OrderDeclined(order_id=order.order_id, hold_id=order.hold_id, performance_id=self.performance_id)

    async def let_holds_expire(self) -> None:
        """As if their time were over."""
        async with self.app.runtime("seats").database.transaction() as tx:
            for table in ("claims", "holds"):
                await tx.execute(text(f"UPDATE {table} SET expires_at = now() - interval '1 second'"))  # noqa: S608

    async def events(self) -> list[str]:
        """What seats has published, as `type seat,seat reason`."""
        return [
            " ".join(filter(None, (kind, ",".join(data.get("seats", ())), data.get("reason"))))
            for kind, data in await self.app.published("seats")
        ]


@pytest.fixture
async def stage(run: Callable[..., Awaitable[App]]) -> Stage:
    app = await run("seats")
    return Stage(app, await schedule(app))


@pytest.fixture
async def another(stage: Stage) -> Stage:
    """Another performance of the same app."""
    return Stage(stage.app, await schedule(stage.app))


async def schedule(app: App, *, zones: list[Zone] = ZONES, days: float = 7) -> UUID:
    """Put a performance on sale; answers its id."""
    performance_id = uuid4()
    event = PerformanceScheduled(
        performance_id=performance_id, show="Moth Hour", starts_at=now() + timedelta(days=days), zones=zones
    )
    await app.deliver("seats", event)
    return performance_id

"""Somebody who may put on shows."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from chassis.testing import eventually
from support.customer import Customer, shaped
from support.shapes import ListedShow, Page, Performance, Show, Venue

ZONES = [
    {"name": "Floor", "rows": [{"name": "A", "seats": 10}]},
    {"name": "Balcony", "rows": [{"name": "B", "seats": 10}]},
]
PRICES = {"Floor": {"amount": 25_00, "currency": "EUR"}, "Balcony": {"amount": 15_00, "currency": "EUR"}}
EVENTS_SECONDS = 60
"""A group of consumers that has lost a member forms anew before it goes on."""


class Organiser(Customer):
    """A customer with the role `organiser`."""

    async def __aenter__(self) -> "Organiser":
        return self

    async def open_venue(self, **members: Any) -> Venue:
        body = {"name": "The Test Bench", "city": "Ghent", "country": "BE", "timezone": "Europe/Brussels"}
        return shaped(await self.http.post("/api/venues", json={**body, "zones": ZONES, **members}), Venue, 201)

    async def announce_show(self, title: str = "") -> Show:
        body = {"title": title or f"Proof {uuid4().hex[:8]}", "description": "It holds.", "genre": "Drama"}
        return shaped(await self.http.post("/api/shows", json=body), Show, 201)

    async def schedule(self, show: UUID, venue: UUID, **members: Any) -> Performance:
        body = {"venue_id": str(venue), "starts_at": in_days(30), "prices": PRICES, **members}
        return shaped(await self.http.post(f"/api/shows/{show}/performances", json=body), Performance, 201)

    async def cancel_performance(self, performance: Performance) -> None:
        path = f"/api/performances/{performance.id}/cancellation"
        assert shaped(await self.http.post(path), Performance, 202).cancelled

    async def put_on_sale(self, **members: Any) -> Performance:
        """A new performance of a new show in a new venue; answers when its seats can be had."""
        venue, show = await self.open_venue(**members), await self.announce_show()
        prices = {zone.name: PRICES[zone.name] for zone in venue.zones}
        performance = await self.schedule(show.id, venue.id, prices=prices)
        await self.until_on_sale(performance)
        return performance

    async def arena(self) -> tuple[UUID, UUID]:
        """A show in the seeded arena with its 2,000 seats, and its next performance."""
        [show] = (await self.read("/api/shows", Page[ListedShow], city="Chicago", limit=1)).items
        assert show.next_performance is not None
        return show.id, show.next_performance.id

    async def until_on_sale(self, performance: Performance) -> None:
        """Wait for seats to have heard of it."""
        path = f"/api/performances/{performance.id}/seats"

        async def status() -> int:
            return (await self.get(path)).status_code

        await eventually(status, lambda status: status == 200, seconds=EVENTS_SECONDS)


def in_days(days: float) -> str:
    """An RFC 3339 time, whole seconds."""
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"

"""Catalog on the real servers, read by the public and written by an organiser."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from catalog.seed import seed
from chassis.messaging import now
from chassis.testing import App

VENUE = {
    "name": "The Shed",
    "city": "Utrecht",
    "country": "NL",
    "timezone": "Europe/Amsterdam",
    "zones": [
        {"name": "Stalls", "rows": [{"name": "A", "seats": 10}, {"name": "B", "seats": 10}]},
        {"name": "Balcony", "rows": [{"name": "C", "seats": 5}]},
    ],
}
PRICES = {"Stalls": {"amount": 4250, "currency": "EUR"}, "Balcony": {"amount": 2000, "currency": "EUR"}}


@dataclass(frozen=True)
class Programme:
    """The public looks at it, an organiser makes it."""

    app: App
    organiser: App

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.app.client.get(path, params=query)

    async def post(self, path: str, body: Any = None) -> httpx.Response:
        return await self.organiser.client.post(path, json=body)

    async def made(self, path: str, body: Any) -> dict[str, Any]:
        response = await self.post(path, body)
        assert response.status_code == 201, response.text
        made: dict[str, Any] = response.json()
        return made

    async def venue(self) -> dict[str, Any]:
        return await self.made("/api/venues", VENUE)

    async def show(self, title: str = "Night Swim") -> dict[str, Any]:
        return await self.made("/api/shows", {"title": title, "description": "Cold water.", "genre": "Poetry"})

    async def performance(self, show: dict[str, Any], venue: dict[str, Any], *, days: float = 7) -> dict[str, Any]:
        return await self.made(f"/api/shows/{show['id']}/performances", performance_at(venue, days=days))


def performance_at(venue: dict[str, Any], *, days: float = 7, **changes: Any) -> dict[str, Any]:
    """A body that schedules a performance."""
    starts_at = (now() + timedelta(days=days)).isoformat()
    return {"venue_id": venue["id"], "starts_at": starts_at, "prices": PRICES} | changes


@pytest.fixture
async def programme(run: Callable[..., Awaitable[App]]) -> Programme:
    app = await run("catalog")
    organiser = app.another_client()
    await organiser.sign_in(roles=["organiser"])
    return Programme(app, organiser)


@pytest.fixture
async def rival(programme: Programme) -> Programme:
    """Another organiser of the same programme."""
    organiser = programme.app.another_client()
    await organiser.sign_in(roles=["organiser"])
    return Programme(programme.app, organiser)


@pytest.fixture
async def seeded(programme: Programme) -> Programme:
    await seed(programme.app.runtime("catalog"))
    return programme


@pytest.fixture
def at() -> Callable[..., dict[str, Any]]:
    """Bodies that schedule a performance."""
    return performance_at

"""While people buy, a real Prometheus watches, and what the dashboards ask it is answered."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest

from chassis.testing import eventually
from support.crowd import Crowd
from support.customer import NewCustomer
from support.prometheus import FOLDER, prometheus
from support.shapes import Performance
from support.stack import Stack
from support.tier import Tier

SEATS = [f"{row}{number}" for row in "AB" for number in range(1, 11)]
DIALOGUE = {"$service": ".*", "$__rate_interval": "30s"}
QUIET = {"Errors", "Calls between services: p95", "Came again", "Dead letters"}
"""Panels that are empty while all is well; services in one process do not call each other over the network."""


def questions() -> Iterator[tuple[str, str]]:
    """The panels and what they ask."""
    for path in sorted((FOLDER / "dashboards").glob("*.json")):
        for panel in json.loads(path.read_text())["panels"]:
            for target in panel["targets"]:
                expression = target["expr"]
                for variable, value in DIALOGUE.items():
                    expression = expression.replace(variable, value)
                yield panel["title"], expression


@pytest.fixture
async def watch(stack: Stack, tier: Tier) -> AsyncIterator[httpx.AsyncClient]:
    with prometheus([*(await stack.instances()).values()]) as api:
        async with api:
            yield api


async def answer(api: httpx.AsyncClient, expression: str) -> list[dict[str, Any]]:
    """The samples of now; none before Prometheus listens."""
    with suppress(httpx.TransportError):
        response = await api.get("/query", params={"query": expression})
        if response.status_code != 503:
            assert response.status_code == 200, response.text
            found: list[dict[str, Any]] = response.json()["data"]["result"]
            return found
    return []


async def test_every_panel_shows_something(
    watch: httpx.AsyncClient, stack: Stack, new_customer: NewCustomer, performance: Performance
) -> None:
    instances = len(await stack.instances())

    async def seen() -> float:
        return sum(float(each["value"][1]) for each in await answer(watch, 'sum(up{job="app"})'))

    await eventually(seen, lambda number: number == instances, seconds=60)
    async with Crowd([await new_customer() for _ in range(3)], performance.id, SEATS) as crowd:
        await crowd.until_accepted(3)

    async def empty() -> set[str]:
        return {title for title, expression in questions() if not await answer(watch, expression)} - QUIET

    await eventually(empty, lambda titles: not titles, seconds=30)
    alerts = (await watch.get("/rules")).json()["data"]["groups"]
    assert {rule["health"] for group in alerts for rule in group["rules"]} == {"ok"}
    assert [each["metric"]["alertname"] for each in await answer(watch, 'ALERTS{alertstate="firing"}')] == []

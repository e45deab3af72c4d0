"""The places of a process are shared: no service and no client takes all of them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from fastapi import APIRouter
from sqlalchemy import MetaData

from chassis.http.principals import OptionalPrincipal
from chassis.service.service import Service, create_service
from chassis.testing.app import App
from chassis.testing.databases import Databases
from chassis.testing.polling import eventually

pytestmark = pytest.mark.timeout(60)
FLOOD = 100


def waiting(name: str, opened: asyncio.Event) -> Service:
    """A service that answers when it may: until then it hangs, as with a database that does."""
    router = APIRouter()

    async def wait(_: OptionalPrincipal) -> None:
        await opened.wait()

    router.get(f"/api/{name}")(wait)
    return create_service(name, paths=[f"/api/{name}"], routers=[router])


@pytest.fixture
async def start(databases: Databases, run: Callable[..., Awaitable[App]]) -> Callable[..., Awaitable[App]]:
    async def start(*services: Service) -> App:
        for service in services:
            await databases.create(service.name, MetaData())
        return await run(*services, max_in_flight=16, max_queued=64, max_queue_seconds=30.0)

    return start


@asynccontextmanager
async def flood(app: App, path: str, headers: Callable[[int], dict[str, str]]) -> AsyncIterator[None]:
    """Requests that are all there for the time of the block, as far as they are let in."""
    async with app.another_client().client as client:
        asked = [asyncio.create_task(client.get(path, headers=headers(number))) for number in range(FLOOD)]
        await eventually(lambda: _queued(app))
        try:
            yield
        finally:
            for each in asked:
                each.cancel()
            await asyncio.gather(*asked, return_exceptions=True)


async def _queued(app: App) -> int:
    return app.process._dispatcher.queued


def anybody(number: int) -> dict[str, str]:
    """Each request comes from another address."""
    return {"x-forwarded-for": f"192.0.2.{number}"}


async def test_services_that_hang_leave_places_to_others(start: Callable[..., Awaitable[App]]) -> None:
    never, opened = asyncio.Event(), asyncio.Event()
    opened.set()
    app = await start(waiting("alpha", never), waiting("beta", never), waiting("gamma", opened))
    async with flood(app, "/api/alpha", anybody), flood(app, "/api/beta", anybody):
        answers = [await asyncio.wait_for(app.client.get("/api/gamma"), 10) for _ in range(20)]
    assert {each.status_code for each in answers} == {200}


def one_address(_: int) -> dict[str, str]:
    return {"x-forwarded-for": "192.0.2.1"}


def one_network(number: int) -> dict[str, str]:
    """What one customer of a provider may be called."""
    return {"x-forwarded-for": f"2001:db8::{number:x}"}


def with_cookies(number: int) -> dict[str, str]:
    """As many as it likes, and none of them is a session."""
    return {"x-forwarded-for": "192.0.2.1", "cookie": f"__Host-session={number:043}"}


@pytest.mark.parametrize("headers", [one_address, one_network, with_cookies])
async def test_a_client_that_asks_too_often_leaves_places_to_others(
    start: Callable[..., Awaitable[App]], headers: Callable[[int], dict[str, str]]
) -> None:
    """Also to those who share its address, once they are known to be signed in."""
    opened = asyncio.Event()
    opened.set()
    app = await start(waiting("delta", opened))
    signed_in = app.another_client()
    await signed_in.sign_in()
    there = {"x-forwarded-for": headers(1)["x-forwarded-for"]}
    await signed_in.client.get("/api/delta", headers=there)
    opened.clear()
    async with flood(app, "/api/delta", headers):
        before = await _at_work(app)
        asked = [
            asyncio.create_task(signed_in.client.get("/api/delta", headers=there)),
            asyncio.create_task(app.client.get("/api/delta", headers={"x-forwarded-for": "203.0.113.9"})),
        ]
        await eventually(lambda: _at_work(app), lambda count: count == before + len(asked))
        opened.set()
        assert [each.status_code for each in await asyncio.gather(*asked)] == [200, 200]


async def _at_work(app: App) -> int:
    return 16 - app.process._dispatcher._admission._places.free

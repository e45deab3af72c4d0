"""A stream that needs a session ends when that does."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from uuid import uuid4

import pytest
from fastapi import APIRouter, Request
from redis.asyncio import Redis
from sqlalchemy import MetaData

from chassis.auth.sessions import Sessions
from chassis.http.principals import CurrentPrincipal, OptionalPrincipal
from chassis.http.streaming import event_stream, until_ended
from chassis.live.broadcast import Broadcast
from chassis.live.sse import EventStream, ServerEvent
from chassis.service.runtime import RuntimeDep
from chassis.service.service import create_service
from chassis.testing.app import App
from chassis.testing.databases import Databases
from support.http import serving
from support.wire import request, wire

pytestmark = pytest.mark.timeout(60)
router = APIRouter()


async def beats() -> AsyncGenerator[ServerEvent | None, None]:
    yield ServerEvent("begun")
    await asyncio.Event().wait()


@router.get("/api/mine/stream", response_class=EventStream)
async def mine(request: Request, at: RuntimeDep, principal: CurrentPrincipal) -> EventStream:
    return event_stream(beats(), at, request, principal)


@router.get("/api/all/stream", response_class=EventStream)
async def everybodys(request: Request, at: RuntimeDep, principal: OptionalPrincipal) -> EventStream:
    return event_stream(beats(), at, request, principal)


LIVE = create_service("live", paths=["/api/mine", "/api/all"], routers=[router])


@pytest.fixture
async def app(databases: Databases, run: Callable[..., Awaitable[App]]) -> App:
    await databases.create("live", MetaData())
    return await run(LIVE, max_streams=8)


@pytest.mark.parametrize("how", ["this", "everywhere"])
async def test_a_stream_ends_with_its_session(app: App, how: str) -> None:
    account = await app.sign_in()
    sessions = app.runtime("live").sessions
    [session] = await sessions.list(account)
    async with serving(app.process) as url, wire(url) as client:
        cookie = "; ".join(f"{each.name}={each.value}" for each in app.client.cookies.jar)
        await client.send(request("GET", "/api/mine/stream", f"cookie: {cookie}"))
        async with asyncio.timeout(20):
            await client.reader.readuntil(b'data: "begun"')
            await (sessions.revoke(session.key) if how == "this" else sessions.revoke_all(account))
            await client.reader.readuntil(b"\r\n0\r\n\r\n")


async def test_the_end_of_a_session_is_noticed_when_nobody_tells_it(redis: Redis) -> None:
    """It has expired, or the message was lost."""
    sessions, broadcast = Sessions(redis, idle_seconds=0.3), Broadcast(redis, tick_seconds=0.05)
    _, session = await sessions.create(account_id=uuid4())
    try:
        await asyncio.wait_for(until_ended(sessions, broadcast, session.key), 20)
    finally:
        await broadcast.close()
    assert not await sessions.is_there(session.key)


async def test_one_client_leaves_streams_to_others(app: App) -> None:
    async with serving(app.process) as url, wire(url) as one, wire(url) as two, wire(url) as three, wire(url) as four:
        statuses = []
        for client in (one, two, three):
            await client.send(request("GET", "/api/all/stream"))
            statuses.append(await client.status())
        assert statuses == [200, 200, 429]
        await four.send(request("GET", "/api/all/stream", "x-forwarded-for: 203.0.113.7"))
        assert await four.status() == 200

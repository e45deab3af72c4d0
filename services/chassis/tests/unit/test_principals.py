"""Who may: routes for everybody, for somebody who is signed in, for somebody with a role."""

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Annotated
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import Depends, FastAPI

from chassis.auth.sessions import Session
from chassis.http.principals import (
    COOKIE,
    CurrentPrincipal,
    CurrentSession,
    OptionalPrincipal,
    Principal,
    requires_role,
)
from chassis.http.problems import install
from chassis.testing.fakes import MemorySessions

Organiser = Annotated[Principal, Depends(requires_role("organiser"))]


class CountingSessions(MemorySessions):
    """Knows how often it was asked."""

    asked = 0

    async def load(self, token: str) -> Session | None:
        self.asked += 1
        return await super().load(token)


@pytest.fixture
def sessions() -> CountingSessions:
    return CountingSessions()


@pytest.fixture
async def client(sessions: CountingSessions) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    install(app)
    app.state.runtime = SimpleNamespace(sessions=sessions)

    @app.get("/anybody")
    async def anybody(principal: OptionalPrincipal) -> UUID | None:
        return principal.account_id if principal else None

    @app.get("/somebody")
    async def somebody(principal: CurrentPrincipal) -> UUID:
        return principal.account_id

    @app.get("/session")
    async def session(session: CurrentSession) -> str:
        return session.user_agent

    @app.get("/organisers")
    async def organisers(principal: Organiser, same: CurrentPrincipal) -> UUID:
        assert principal is same
        return principal.account_id

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://test") as client:
        yield client


@pytest.mark.parametrize("cookie", [None, "", "wrong"])
async def test_without_a_session(client: httpx.AsyncClient, sessions: CountingSessions, cookie: str | None) -> None:
    if cookie is not None:
        client.cookies.set(COOKIE, cookie)
    anybody = await client.get("/anybody")
    assert (anybody.status_code, anybody.json()) == (200, None)
    for path in ("/somebody", "/session", "/organisers"):
        refused = await client.get(path)
        assert refused.status_code == 401
        assert refused.json()["type"].endswith("/unauthenticated")
    assert sessions.asked == (4 if cookie else 0)


async def test_a_customer_is_no_organiser(client: httpx.AsyncClient, sessions: CountingSessions) -> None:
    account_id = uuid4()
    token, _ = await sessions.create(account_id=account_id, user_agent="curl/8")
    client.cookies.set(COOKIE, token)
    assert (await client.get("/anybody")).json() == str(account_id)
    assert (await client.get("/somebody")).json() == str(account_id)
    assert (await client.get("/session")).json() == "curl/8"
    refused = await client.get("/organisers")
    assert refused.status_code == 403
    assert refused.json()["type"].endswith("/forbidden")


async def test_an_organiser_is_asked_for_once(client: httpx.AsyncClient, sessions: CountingSessions) -> None:
    token, session = await sessions.create(account_id=uuid4(), roles=["organiser"])
    client.cookies.set(COOKIE, token)
    answer = await client.get("/organisers")
    assert (answer.status_code, answer.json()) == (200, str(session.account_id))
    assert sessions.asked == 1

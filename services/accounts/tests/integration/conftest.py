"""Accounts on the real servers, and people who have one."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from chassis.testing import App

PASSWORD = "correct horse battery"
SECRETS = {
    "services/accounts": {
        "demo_password": "demo-password-1",
        "organiser_password": "organiser-password-1",
        "signing_key": "5e" * 32,
    }
}


@pytest.fixture
async def app(run: Callable[..., Awaitable[App]], monkeypatch: pytest.MonkeyPatch) -> App:
    monkeypatch.setenv("ACCOUNTS_PASSWORD_MEMORY_KIB", "64")
    monkeypatch.setenv("ACCOUNTS_CONCURRENT_HASHES", "2")
    return await run("accounts", secrets=SECRETS)


@pytest.fixture
def client(app: App) -> httpx.AsyncClient:
    return app.client


@pytest.fixture
def register(client: httpx.AsyncClient) -> Callable[..., Awaitable[dict[str, Any]]]:
    """`await register(email=...)`: opens an account and answers it."""

    async def register(**changes: str) -> dict[str, Any]:
        email = f"ann.{uuid4().hex[:8]}@example.com"
        body = {"email": email, "password": PASSWORD, "name": "Ann", "country": "DE"} | changes
        response = await client.post("/api/accounts", json=body)
        assert response.status_code == 201, response.text
        account: dict[str, Any] = response.json()
        return account

    return register


@pytest.fixture
def sign_in(client: httpx.AsyncClient) -> Callable[..., Awaitable[httpx.Response]]:
    """`await sign_in(email)`: the answer to a sign-in, by default with the right password."""

    async def sign_in(
        email: str, password: str = PASSWORD, browser: httpx.AsyncClient = client, **headers: str
    ) -> httpx.Response:
        return await browser.post("/api/sessions", json={"email": email, "password": password}, headers=headers)

    return sign_in


@pytest.fixture
async def ann(
    register: Callable[..., Awaitable[dict[str, Any]]], sign_in: Callable[..., Awaitable[httpx.Response]]
) -> dict[str, Any]:
    """Ann's account; she is signed in in `client`."""
    account = await register()
    assert (await sign_in(account["email"])).status_code == 201
    return account


@pytest.fixture
def rows(app: App) -> Callable[..., Awaitable[list[dict[str, Any]]]]:
    """`await rows("SELECT ...", name=value)`: what the database of accounts answers."""

    async def rows(query: str, **parameters: Any) -> list[dict[str, Any]]:
        async with app.runtime("accounts").database.reading() as connection:
            return [dict(row) for row in (await connection.execute(text(query), parameters)).mappings()]

    return rows

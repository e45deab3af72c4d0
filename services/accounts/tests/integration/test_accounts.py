"""Registration, profile, erasure and the seed, through the API on a real database."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import IntegrityError

from accounts.handlers import erase
from accounts.main import service
from chassis.testing import App

Json = dict[str, Any]
Register = Callable[..., Awaitable[Json]]
SignIn = Callable[..., Awaitable[httpx.Response]]
Rows = Callable[..., Awaitable[list[Json]]]

PASSWORD = "correct horse battery"
NEW = {"email": "new@example.com", "password": "correct horse", "name": "New", "country": "US"}


def slug(response: httpx.Response) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    return str(response.json()["type"]).rsplit("/", 1)[-1]


async def test_registering_opens_an_account_and_tells_of_it(client: httpx.AsyncClient, rows: Rows) -> None:
    response = await client.post("/api/accounts", json=NEW | {"email": " New@Example.COM "})
    assert response.status_code == 201
    account = response.json()
    assert account.keys() == {"id", "email", "name", "country", "jurisdiction", "roles", "created_at", "confirmed"}
    assert (account["email"], account["jurisdiction"], account["roles"]) == ("new@example.com", "us", [])
    assert response.headers["location"] == "/api/accounts/me"
    assert response.headers["cache-control"] == "no-store"
    assert "set-cookie" not in response.headers

    [event] = await rows("SELECT key, type, data FROM event_log")
    assert event["key"] == account["id"]
    assert event["type"] == "account.registered"
    assert event["data"] == {
        "account_id": account["id"],
        "jurisdiction": "us",
    }
    [stored] = await rows("SELECT password_hash FROM accounts")
    assert stored["password_hash"].startswith("$argon2id$")


async def test_an_address_is_taken_however_it_is_written(client: httpx.AsyncClient) -> None:
    assert (await client.post("/api/accounts", json=NEW)).status_code == 201
    again = await client.post("/api/accounts", json=NEW | {"email": "NEW@EXAMPLE.com", "name": "Other"})
    assert again.status_code == 409
    assert slug(again) == "email-taken"


async def test_of_many_who_want_one_address_one_gets_it(client: httpx.AsyncClient, rows: Rows) -> None:
    answers = await asyncio.gather(*(client.post("/api/accounts", json=NEW) for _ in range(12)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 11
    assert await rows("SELECT count(*) AS events FROM event_log") == [{"events": 1}]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"", 422),
        (b"[]", 422),
        (b"null", 422),
        (b'"text"', 422),
        (b'{"email": "a\\u0000@example.com", "password": "correct horse", "name": "A", "country": "DE"}', 422),
        (b'{"email": "a@example.com", "password": "correct horse", "name": "A\\u0000", "country": "DE"}', 422),
        (b'{"email": "a@example.com", "password": "\\ud800correct horse", "name": "A", "country": "DE"}', 422),
        (b'{"email": "a@example.com", "password": "correct horse", "name": "A", "country": "DE", "roles": []}', 422),
    ],
)
async def test_malformed_input_is_the_callers_fault(client: httpx.AsyncClient, content: bytes, status: int) -> None:
    response = await client.post("/api/accounts", content=content, headers={"content-type": "application/json"})
    assert response.status_code == status
    assert slug(response)
    assert "correct horse" not in response.text


async def test_the_profile_is_ones_own(client: httpx.AsyncClient, ann: Json) -> None:
    response = await client.get("/api/accounts/me")
    assert response.status_code == 200
    assert response.json() == ann
    assert response.headers["cache-control"] == "no-store"
    client.cookies.clear()
    response = await client.get("/api/accounts/me")
    assert response.status_code == 401
    assert slug(response) == "unauthenticated"


async def test_other_sites_cannot_make_a_browser_act(client: httpx.AsyncClient, ann: Json) -> None:
    for headers in ({"origin": "https://evil.example"}, {"sec-fetch-site": "cross-site"}):
        response = await client.request("DELETE", "/api/accounts/me", headers=headers)
        assert response.status_code == 403
        assert slug(response) == "cross-origin"
    own = {"origin": "https://test", "sec-fetch-site": "same-origin"}
    assert (await client.get("/api/accounts/me", headers=own)).json() == ann


async def test_erasure_leaves_nothing_personal(
    app: App, client: httpx.AsyncClient, ann: Json, register: Register, sign_in: SignIn, rows: Rows
) -> None:
    bob = await register(email="bob@example.com", name="Bob")
    elsewhere = app.another_client()
    assert (await sign_in(ann["email"], browser=elsewhere.client)).status_code == 201

    response = await client.request("DELETE", "/api/accounts/me", json={"password": PASSWORD})
    assert response.status_code == 204
    assert response.headers["set-cookie"].startswith("__Host-session=; Max-Age=0; Path=/; Secure")
    assert "__Host-session" not in client.cookies

    assert await rows("SELECT email FROM accounts") == [{"email": "bob@example.com"}]
    log = await rows("SELECT type, data FROM event_log WHERE key = :key ORDER BY position", key=ann["id"])
    assert log == [
        {
            "type": "account.registered",
            "data": {"account_id": ann["id"], "jurisdiction": "eu"},
        },
        {"type": "account.erased", "data": {"account_id": ann["id"]}},
    ]
    people = await client.post("/internal/people", json={"ids": [ann["id"], bob["id"]]})
    assert [(each["id"], each["email"], each["name"]) for each in people.json()["items"]] == [
        (bob["id"], "bob@example.com", "Bob")
    ]

    assert (await elsewhere.client.get("/api/accounts/me")).status_code == 401
    assert (await sign_in(ann["email"])).status_code == 401
    assert (await register(email=ann["email"]))["id"] != ann["id"]
    await elsewhere.client.aclose()


async def test_nobody_signs_in_past_an_erasure(app: App, register: Register, sign_in: SignIn) -> None:
    runtime = app.runtime("accounts")
    for _ in range(5):
        account = await register()
        *answers, _ = await asyncio.gather(
            *(sign_in(account["email"]) for _ in range(4)), erase(runtime, account["id"])
        )
        assert {answer.status_code for answer in answers if answer} <= {201, 401}
        assert await runtime.sessions.list(account["id"]) == []


async def test_erasing_twice_is_one_erasure(app: App, ann: Json, rows: Rows) -> None:
    runtime = app.runtime("accounts")
    await asyncio.gather(erase(runtime, ann["id"]), erase(runtime, ann["id"]))
    assert await rows("SELECT count(*) AS n FROM event_log WHERE type = 'account.erased'") == [{"n": 1}]


async def test_the_seed_makes_two_accounts_once(
    app: App, sign_in: SignIn, client: httpx.AsyncClient, rows: Rows
) -> None:
    assert service.seed is not None
    runtime = app.runtime("accounts")
    await service.seed(runtime)
    await service.seed(runtime)
    assert await rows("SELECT email, roles FROM accounts ORDER BY email") == [
        {"email": "demo@boxoffice.test", "roles": []},
        {"email": "organiser@boxoffice.test", "roles": ["organiser"]},
    ]
    assert await rows("SELECT count(*) AS events FROM event_log") == [{"events": 2}]
    assert (await sign_in("organiser@boxoffice.test", "organiser-password-1")).json()["roles"] == ["organiser"]
    assert (await sign_in("demo@boxoffice.test", "demo-password-1")).json()["roles"] == []


async def test_the_seed_follows_the_passwords_in_vault(app: App, sign_in: SignIn) -> None:
    assert service.seed is not None
    runtime = app.runtime("accounts")
    await service.seed(runtime)
    runtime.secrets.values["services/accounts"] = {  # type: ignore[attr-defined]
        "demo_password": "demo-password-2",
        "organiser_password": "organiser-password-1",
        "signing_key": "5e" * 32,
    }
    await service.seed(runtime)
    assert (await sign_in("demo@boxoffice.test", "demo-password-1")).status_code == 401
    assert (await sign_in("demo@boxoffice.test", "demo-password-2")).status_code == 201


async def test_the_database_refuses_a_row_of_no_jurisdiction(ann: Json, rows: Rows) -> None:
    with pytest.raises(IntegrityError, match="accounts_jurisdiction"):
        await rows("UPDATE accounts SET jurisdiction = 'mars' RETURNING id")

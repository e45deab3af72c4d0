"""Signing in and out, and what stands in the way of guessing."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from chassis.testing import App

Json = dict[str, Any]
Register = Callable[..., Awaitable[Json]]
SignIn = Callable[..., Awaitable[httpx.Response]]
Rows = Callable[..., Awaitable[list[Json]]]

WRONG = "not the password"
NEW = {"email": "new@example.com", "password": "correct horse battery", "name": "New", "country": "US"}
SECRETS = {"services/accounts": {"signing_key": "5e" * 32}}


def slug(response: httpx.Response) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    return str(response.json()["type"]).rsplit("/", 1)[-1]


async def test_signing_in_sets_a_cookie_that_only_our_pages_send(
    client: httpx.AsyncClient, register: Register, sign_in: SignIn
) -> None:
    account = await register()
    response = await sign_in(account["email"].upper(), **{"user-agent": "curl/8", "x-forwarded-for": "203.0.113.7"})
    assert response.status_code == 201
    cookie, *attributes = response.headers.get_list("set-cookie")[0].split("; ")
    name, _, token = cookie.partition("=")
    assert name == "__Host-session"
    assert len(token) == 43
    assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]
    assert token not in response.text
    session = response.json()
    assert session["account_id"] == account["id"]
    assert (session["user_agent"], session["remote"], session["current"]) == ("curl/8", "203.0.113.7", True)
    assert (await client.get("/api/sessions/current")).json() == session


async def test_every_wrong_way_in_gets_the_same_answer(register: Register, sign_in: SignIn) -> None:
    account = await register()
    answers = [
        await sign_in(account["email"], WRONG),
        await sign_in("nobody@example.com"),
        await sign_in("not an address"),
        await sign_in("nul\x00@example.com"),
        await sign_in(account["email"], ""),
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert {slug(answer) for answer in answers} == {"wrong-credentials"}
    assert len({answer.text for answer in answers}) == 1
    assert not any("set-cookie" in answer.headers for answer in answers)


async def test_signing_in_again_rotates_the_session(
    app: App, client: httpx.AsyncClient, ann: Json, sign_in: SignIn
) -> None:
    before = dict(client.cookies)
    assert (await sign_in(ann["email"])).status_code == 201
    assert dict(client.cookies) != before
    stolen = app.another_client().client
    stolen.cookies.update(before)
    assert (await stolen.get("/api/sessions/current")).status_code == 401
    assert len((await client.get("/api/sessions")).json()["items"]) == 1


async def test_sessions_are_listed_and_end_here_or_everywhere(
    app: App, client: httpx.AsyncClient, ann: Json, sign_in: SignIn
) -> None:
    phone, laptop = app.another_client().client, app.another_client().client
    for browser in (phone, laptop):
        assert (await sign_in(ann["email"], browser=browser)).status_code == 201

    listed = (await phone.get("/api/sessions")).json()
    assert [item["current"] for item in listed["items"]] == [False, True, False]
    assert len({item["id"] for item in listed["items"]}) == 3
    assert listed["next_cursor"] is None

    response = await phone.delete("/api/sessions/current")
    assert response.status_code == 204
    assert response.headers["set-cookie"].startswith("__Host-session=; Max-Age=0;")
    assert (await phone.get("/api/sessions/current")).status_code == 401
    assert (await laptop.get("/api/sessions/current")).status_code == 200

    assert (await client.delete("/api/sessions")).status_code == 204
    assert (await laptop.get("/api/sessions/current")).status_code == 401
    assert (await client.delete("/api/sessions")).status_code == 401


async def test_one_session_can_be_ended_from_another_but_only_by_its_owner(
    app: App, client: httpx.AsyncClient, ann: Json, register: Register, sign_in: SignIn
) -> None:
    phone, stranger = app.another_client().client, app.another_client().client
    assert (await sign_in(ann["email"], browser=phone)).status_code == 201
    bob = await register()
    assert (await sign_in(bob["email"], browser=stranger)).status_code == 201
    [there] = [item["id"] for item in (await client.get("/api/sessions")).json()["items"] if not item["current"]]

    assert (await stranger.delete(f"/api/sessions/{there}")).status_code == 404
    assert (await phone.get("/api/sessions/current")).status_code == 200
    assert (await client.delete(f"/api/sessions/{there}")).status_code == 204
    assert (await phone.get("/api/sessions/current")).status_code == 401
    assert (await client.delete(f"/api/sessions/{there}")).status_code == 404

    here = (await client.get("/api/sessions/current")).json()["id"]
    assert "Max-Age=0" in (await client.delete(f"/api/sessions/{here}")).headers["set-cookie"]
    assert (await client.get("/api/sessions/current")).status_code == 401


async def test_a_hash_of_yesterday_is_renewed_at_sign_in(
    ann: Json,
    sign_in: SignIn,
    rows: Rows,
    run: Callable[..., Awaitable[App]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ACCOUNTS_PASSWORD_MEMORY_KIB", "128")
    today = await run("accounts", secrets=SECRETS)
    before = await rows("SELECT password_hash FROM accounts")
    assert (await sign_in(ann["email"], browser=today.client)).status_code == 201
    after = await rows("SELECT password_hash FROM accounts")
    assert "$m=64," in before[0]["password_hash"]
    assert "$m=128," in after[0]["password_hash"]
    assert (await sign_in(ann["email"], browser=today.client)).status_code == 201
    assert await rows("SELECT password_hash FROM accounts") == after


async def test_without_redis_those_who_need_it_hear_so_soon(run: Callable[..., Awaitable[App]]) -> None:
    client = (await run("accounts", secrets=SECRETS, redis_url="redis://127.0.0.1:1")).client
    assert (await client.get("/api/accounts/me")).status_code == 401  # no cookie, no question to Redis
    started = time.perf_counter()
    client.cookies.set("__Host-session", "x" * 43)
    away = [
        await client.get("/api/accounts/me"),
        await client.post("/api/sessions", json={"email": "ann@example.com", "password": WRONG}),
        await client.post("/api/accounts", json=NEW),  # without its quotas there is no registration
    ]
    assert [answer.status_code for answer in away] == [503, 503, 503]
    assert all(answer.headers["retry-after"] for answer in away)
    assert time.perf_counter() - started < 3 * 2

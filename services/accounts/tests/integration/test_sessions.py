"""Signing in and out, and what stands in the way of guessing."""

import asyncio
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


def slug(response: httpx.Response) -> str:
    assert response.headers["content-type"] == "application/problem+json"
    return str(response.json()["type"]).rsplit("/", 1)[-1]


async def test_signing_in_sets_a_cookie_that_only_our_pages_send(
    client: httpx.AsyncClient, register: Register, sign_in: SignIn
) -> None:
    account = await register()
    response = await sign_in(account["email"].upper(), **{"user-agent": "curl/8", "x-forwarded-for": "203.0.113.7"})
    assert response.status_code == 201
    cookie, *attributes = response.headers["set-cookie"].split("; ")
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


async def test_repeated_failures_for_one_address_close_it_for_a_while(register: Register, sign_in: SignIn) -> None:
    ann, bob = await register(), await register()
    for _ in range(8):
        assert (await sign_in(ann["email"], WRONG)).status_code == 401
    closed = await sign_in(ann["email"])
    assert closed.status_code == 429
    assert slug(closed) == "too-many-requests"
    assert 290 <= int(closed.headers["retry-after"]) <= 300
    assert (await sign_in(bob["email"])).status_code == 201


async def test_a_burst_of_guesses_gets_no_further_than_a_slow_one(register: Register, sign_in: SignIn) -> None:
    ann = await register()
    answers = await asyncio.gather(*(sign_in(ann["email"], WRONG) for _ in range(40)))
    guesses = sum(answer.status_code == 401 for answer in answers)
    assert 8 <= guesses <= 8 + 2  # as many more as there are slots
    assert sum(answer.status_code == 429 for answer in answers) == 40 - guesses


async def test_success_forgives_and_many_may_use_one_account_at_once(register: Register, sign_in: SignIn) -> None:
    ann = await register()
    for _ in range(3):
        for _ in range(7):
            assert (await sign_in(ann["email"], WRONG)).status_code == 401
        assert (await sign_in(ann["email"])).status_code == 201
    answers = await asyncio.gather(*(sign_in(ann["email"]) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}


async def test_guessing_at_many_accounts_from_one_place_ends_too(
    run: Callable[..., Awaitable[App]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCOUNTS_FAILURES_PER_ADDRESS", "5")
    monkeypatch.setenv("ACCOUNTS_PASSWORD_MEMORY_KIB", "64")
    client = (await run("accounts")).client

    async def guess(number: int, remote: str) -> int:
        body = {"email": f"user{number}@example.com", "password": WRONG}
        return (await client.post("/api/sessions", json=body, headers={"x-forwarded-for": remote})).status_code

    assert [await guess(number, f"9.9.9.{number}, 203.0.113.7") for number in range(7)] == [401] * 5 + [429] * 2
    assert await guess(8, "203.0.113.8") == 401


async def test_a_hash_of_yesterday_is_renewed_at_sign_in(
    ann: Json,
    sign_in: SignIn,
    rows: Rows,
    run: Callable[..., Awaitable[App]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ACCOUNTS_PASSWORD_MEMORY_KIB", "128")
    today = await run("accounts")
    before = await rows("SELECT password_hash FROM accounts")
    assert (await sign_in(ann["email"], browser=today.client)).status_code == 201
    after = await rows("SELECT password_hash FROM accounts")
    assert "$m=64," in before[0]["password_hash"]
    assert "$m=128," in after[0]["password_hash"]
    assert (await sign_in(ann["email"], browser=today.client)).status_code == 201
    assert await rows("SELECT password_hash FROM accounts") == after


async def test_without_redis_those_who_need_it_hear_so_soon(run: Callable[..., Awaitable[App]]) -> None:
    client = (await run("accounts", redis_url="redis://127.0.0.1:1")).client
    assert (await client.get("/api/accounts/me")).status_code == 401  # no cookie, no question to Redis
    started = time.perf_counter()
    client.cookies.set("__Host-session", "x" * 43)
    away = [
        await client.get("/api/accounts/me"),
        await client.post("/api/sessions", json={"email": "ann@example.com", "password": WRONG}),
    ]
    assert [answer.status_code for answer in away] == [503, 503]
    assert all(answer.headers["retry-after"] for answer in away)
    assert time.perf_counter() - started < 2 * 2

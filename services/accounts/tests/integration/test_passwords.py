"""Changing a password, resetting it by mail, confirming an address."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from accounts.credentials import sign_in as begin_session
from accounts.errors import WrongCredentials
from accounts.handlers import Browser
from chassis.messaging import now
from chassis.testing import App

Json = dict[str, Any]
Register = Callable[..., Awaitable[Json]]
SignIn = Callable[..., Awaitable[httpx.Response]]
Rows = Callable[..., Awaitable[list[Json]]]

OLD = "correct horse battery"
NEW = "seventeen purple staplers"


def slug(response: httpx.Response) -> str:
    return str(response.json()["type"]).rsplit("/", 1)[-1]


async def change(client: httpx.AsyncClient, old: str, new: str) -> httpx.Response:
    return await client.put("/api/accounts/me/password", json={"old": old, "new": new})


async def test_a_changed_password_ends_every_other_session_and_renews_this_one(
    app: App, client: httpx.AsyncClient, ann: Json, sign_in: SignIn
) -> None:
    phone = app.another_client().client
    assert (await sign_in(ann["email"], browser=phone)).status_code == 201
    before = client.cookies["__Host-session"]

    assert (await change(client, OLD, NEW)).status_code == 204
    assert client.cookies["__Host-session"] != before
    assert (await client.get("/api/accounts/me")).json() == ann
    assert (await phone.get("/api/accounts/me")).status_code == 401
    stolen = app.another_client().client
    stolen.cookies.set("__Host-session", before)
    assert (await stolen.get("/api/accounts/me")).status_code == 401
    assert (await sign_in(ann["email"], OLD, phone)).status_code == 401
    assert (await sign_in(ann["email"], NEW, phone)).status_code == 201


async def test_a_change_asks_for_the_old_password_and_a_strong_new_one(
    client: httpx.AsyncClient, ann: Json, sign_in: SignIn
) -> None:
    wrong = await change(client, "not the password", NEW)
    assert (wrong.status_code, slug(wrong)) == (403, "wrong-password")
    weak = await change(client, OLD, "boxoffice1")
    assert weak.status_code == 422
    assert weak.json()["errors"][0]["at"] == "body.new"
    assert "ours" in weak.json()["errors"][0]["message"]
    assert (await client.get("/api/accounts/me")).json() == ann
    assert (await sign_in(ann["email"], OLD)).status_code == 201


@pytest.mark.parametrize("password", ["boxoffice1", " " * 10, "password1234", "ann.long2026"])
async def test_a_weak_password_opens_no_account_and_the_answer_says_why(
    client: httpx.AsyncClient, password: str, rows: Rows
) -> None:
    body = {"email": "ann.long@example.com", "password": password, "name": "Ann", "country": "DE"}
    answer = await client.post("/api/accounts", json=body)
    assert (answer.status_code, slug(answer)) == (422, "invalid-input")
    assert [each["at"] for each in answer.json()["errors"]] == ["body.password"]
    assert password not in answer.text
    assert await rows("SELECT id FROM accounts") == []


async def test_of_two_changes_at_once_one_wins(client: httpx.AsyncClient, ann: Json, sign_in: SignIn) -> None:
    answers = await asyncio.gather(*(change(client, OLD, f"{NEW} {number}") for number in range(2)))
    assert sorted(answer.status_code for answer in answers) in ([204, 401], [204, 403])
    won = [answer.status_code for answer in answers].index(204)
    assert (await sign_in(ann["email"], f"{NEW} {won}")).status_code == 201


async def test_nobody_signs_in_past_a_change(app: App, client: httpx.AsyncClient, ann: Json) -> None:
    """Who has shown the old password before the change, and gets the session after it, gets none."""
    runtime = app.runtime("accounts")
    for number in range(5):
        old, new = (OLD if number == 0 else f"{NEW} {number - 1}"), f"{NEW} {number}"
        attempts = [
            begin_session(runtime, email=ann["email"], password=old, browser=Browser(remote="203.0.113.9"))
            for _ in range(3)
        ]
        *answers, changed = await asyncio.gather(*attempts, change(client, old, new), return_exceptions=True)
        assert isinstance(changed, httpx.Response)
        assert changed.status_code == 204
        assert all(isinstance(each, WrongCredentials) for each in answers if isinstance(each, BaseException))
        assert len(await runtime.sessions.list(UUID(ann["id"]))) == 1


async def ask(client: httpx.AsyncClient, email: str) -> httpx.Response:
    return await client.post("/api/password-resets", json={"email": email})


async def token_for(client: httpx.AsyncClient, id_: str) -> str | None:
    answer = await client.post("/internal/mail-tokens", json={"ids": [id_]})
    items = answer.json()["items"]
    return str(items[0]["token"]) if items else None


async def reset_tokens(client: httpx.AsyncClient, app: App) -> list[str]:
    events = await app.published("accounts")
    ids = [data["reset_id"] for kind, data in events if kind == "account.password-reset-requested"]
    return [token for each in ids if (token := await token_for(client, each))]


async def test_a_reset_sets_a_password_once_and_ends_every_session(
    app: App, client: httpx.AsyncClient, ann: Json, sign_in: SignIn, rows: Rows
) -> None:
    stranger = app.another_client().client
    assert (await ask(stranger, ann["email"].upper())).status_code == 202
    [token] = await reset_tokens(client, app)
    assert not await rows("SELECT 1 FROM event_log WHERE data::text LIKE :token", token=f"%{token}%")
    path = f"/api/password-resets/{token}"

    weak = await stranger.put(path, json={"password": "password1234"})
    assert weak.status_code == 422, "and the link stays good"
    done = await stranger.put(path, json={"password": NEW})
    assert done.status_code == 204
    assert "__Host-device=" in str(done.headers.get_list("set-cookie"))
    assert (await client.get("/api/accounts/me")).status_code == 401
    again = await stranger.put(path, json={"password": NEW + "!"})
    assert (again.status_code, slug(again)) == (404, "link-spent")
    assert (await sign_in(ann["email"], OLD)).status_code == 401
    assert (await sign_in(ann["email"], NEW)).status_code == 201
    assert (await client.get("/api/accounts/me")).json()["confirmed"], "who reads the mail has the address"


async def test_of_two_uses_of_a_link_at_once_one_wins(app: App, client: httpx.AsyncClient, ann: Json) -> None:
    await ask(client, ann["email"])
    [token] = await reset_tokens(client, app)
    uses = [client.put(f"/api/password-resets/{token}", json={"password": f"{NEW} {n}"}) for n in range(4)]
    assert sorted(each.status_code for each in await asyncio.gather(*uses)) == [204, 404, 404, 404]


async def test_asking_says_nothing_about_who_has_an_account(
    app: App, client: httpx.AsyncClient, ann: Json, rows: Rows
) -> None:
    answers = [await ask(client, email) for email in (ann["email"], "nobody@example.com", "no address", "x\x00")]
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, answers[0].text)}
    assert await rows("SELECT count(*) AS n FROM password_resets") == [{"n": 1}]


async def test_a_change_and_time_make_a_link_worthless(
    app: App, client: httpx.AsyncClient, ann: Json, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ask(client, ann["email"])
    [token] = await reset_tokens(client, app)
    assert (await change(client, OLD, NEW)).status_code == 204
    assert (await client.put(f"/api/password-resets/{token}", json={"password": OLD})).status_code == 404

    await ask(client, ann["email"])
    [token] = (await reset_tokens(client, app))[-1:]
    late = now() + timedelta(seconds=1801)
    monkeypatch.setattr("accounts.recovery.now", lambda: late)
    assert (await client.put(f"/api/password-resets/{token}", json={"password": OLD})).status_code == 404


async def test_links_that_are_none_are_refused_and_counted(client: httpx.AsyncClient, ann: Json) -> None:
    confirmation = await token_for(client, ann["id"])
    made_up = ["x", "A" * 54, "é", "-" * 54, str(confirmation), "%00", "a" * 101]
    statuses = [
        (await client.put(f"/api/password-resets/{each}", json={"password": NEW})).status_code for each in made_up
    ]
    assert statuses == [404] * 5 + [422] * 2
    for _ in range(15):
        await client.put("/api/password-resets/x", json={"password": NEW})
    limited = await client.put("/api/password-resets/x", json={"password": NEW})
    assert limited.status_code == 429
    assert limited.headers["retry-after"]


async def test_mails_for_resets_are_bounded_per_address_and_place(
    app: App, client: httpx.AsyncClient, ann: Json, rows: Rows
) -> None:
    assert [(await ask(client, ann["email"])).status_code for _ in range(21)] == [202] * 20 + [429]
    assert await rows("SELECT count(*) AS n FROM event_log WHERE type LIKE '%reset-requested'") == [{"n": 3}]


async def test_an_address_is_confirmed_by_its_mail(client: httpx.AsyncClient, ann: Json, register: Register) -> None:
    bob = await register(email="bob@example.com", name="Bob")
    assert not ann["confirmed"]
    token, other = await token_for(client, ann["id"]), await token_for(client, bob["id"])
    assert other != token
    for wrong in ("x", str(token)[:-2] + "AA", str(other)[:22] + str(token)[22:]):
        answer = await client.post("/api/confirmations", json={"token": wrong})
        assert (answer.status_code, slug(answer)) == (404, "link-spent")
    for _ in range(2):
        assert (await client.post("/api/confirmations", json={"token": token})).status_code == 204
    assert (await client.get("/api/accounts/me")).json()["confirmed"]
    assert await token_for(client, ann["id"]) is None
    people = (await client.post("/internal/people", json={"ids": [ann["id"], bob["id"]]})).json()["items"]
    assert {each["email"]: each["confirmed"] for each in people} == {ann["email"]: True, bob["email"]: False}

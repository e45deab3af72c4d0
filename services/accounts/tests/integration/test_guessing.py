"""Who guesses gets slower; who knows the password gets in."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from chassis.testing import App

Json = dict[str, Any]
Register = Callable[..., Awaitable[Json]]
SignIn = Callable[..., Awaitable[httpx.Response]]

WRONG = "not the password"
PASSWORD = "correct horse battery"
HERE, ELSEWHERE = "203.0.113.7", "198.51.100.7"


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCOUNTS_LONGEST_PAUSE_SECONDS", "0.02")


@pytest.fixture
def attempt(app: App) -> Callable[..., Awaitable[httpx.Response]]:
    """`await attempt(email, password, place)`: a sign-in in a browser that nobody has seen before, or in `browser`."""

    async def attempt(
        email: str, password: str = WRONG, place: str = HERE, browser: httpx.AsyncClient | None = None
    ) -> httpx.Response:
        body = {"email": email, "password": password}
        async with browser_or(app, browser) as client:
            headers = {"x-forwarded-for": f"6.6.6.6, {place}"}
            while (answer := await client.post("/api/sessions", json=body, headers=headers)).status_code == 503:
                pass  # a slow machine turns some away: they come again, as a browser does
            return answer

    return attempt


class browser_or:  # noqa: N801 - reads as a function
    def __init__(self, app: App, browser: httpx.AsyncClient | None) -> None:
        self._client = browser or app.another_client().client
        self._mine = browser is None

    async def __aenter__(self) -> httpx.AsyncClient:
        return self._client

    async def __aexit__(self, *_: object) -> None:
        if self._mine:
            await self._client.aclose()


async def test_a_guesser_waits_longer_and_longer_and_the_owner_gets_in(attempt: SignIn, register: Register) -> None:
    email = (await register())["email"]
    answers = [await attempt(email) for _ in range(20)]
    assert [answer.status_code for answer in answers] == [401] * 8 + [429] * 12
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers[8:])
    assert answers[-1].json()["type"].endswith("/too-many-requests")

    assert (await attempt(email, WRONG, ELSEWHERE)).status_code == 401, "elsewhere is another matter"
    assert (await attempt(email, PASSWORD, ELSEWHERE)).status_code == 201
    assert (await attempt(email, PASSWORD)).status_code == 201, "even where the guesses came from"


async def test_an_address_without_an_account_is_slowed_the_same(attempt: SignIn) -> None:
    answers = [(await attempt("nobody@example.com")).status_code for _ in range(10)]
    assert answers == [401] * 8 + [429] * 2


@pytest.mark.parametrize("most", ["ACCOUNTS_MOST_FAILURES_PER_EMAIL", "ACCOUNTS_MOST_FAILURES_PER_ACCOUNT"])
async def test_past_the_most_only_known_devices_get_in(
    most: str, run: Callable[..., Awaitable[App]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(most, "10")
    monkeypatch.setenv("ACCOUNTS_PASSWORD_MEMORY_KIB", "64")
    app = await run("accounts", secrets={"services/accounts": {"signing_key": "5e" * 32}})
    known, stranger = app.client, app.another_client().client
    person = {"email": "ann@example.com", "password": PASSWORD}
    assert (await known.post("/api/accounts", json=person | {"name": "Ann", "country": "DE"})).status_code == 201
    assert (await known.post("/api/sessions", json=person)).status_code == 201

    guesses = [await stranger.post("/api/sessions", json=person | {"password": WRONG}) for _ in range(12)]
    assert [answer.status_code for answer in guesses] == [401] * 8 + [429] * 4
    refused = await stranger.post("/api/sessions", json=person)
    assert refused.status_code == 429
    assert 3500 < int(refused.headers["retry-after"]) <= 3600
    assert (await known.post("/api/sessions", json=person | {"password": WRONG})).status_code == 401
    assert (await known.post("/api/sessions", json=person)).status_code == 201


async def test_a_burst_of_guesses_gets_no_further_than_a_slow_one(attempt: SignIn, register: Register) -> None:
    email = (await register())["email"]
    answers = await asyncio.gather(*(attempt(email) for _ in range(40)))
    assert 8 <= sum(answer.status_code == 401 for answer in answers) <= 8 + 2  # as many more as there are slots
    assert {answer.status_code for answer in answers} == {401, 429}
    assert (await attempt(email, PASSWORD)).status_code == 201


async def test_success_forgives_and_many_may_use_one_account_at_once(attempt: SignIn, register: Register) -> None:
    email = (await register())["email"]
    for _ in range(3):
        for _ in range(7):
            assert (await attempt(email)).status_code == 401
        assert (await attempt(email, PASSWORD)).status_code == 201
    answers = await asyncio.gather(*(attempt(email, PASSWORD) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {201}


async def test_guessing_at_many_accounts_slows_a_place_and_locks_out_none_who_share_it(
    attempt: SignIn, register: Register
) -> None:
    bob = (await register())["email"]
    answers = [await attempt(f"user{number}@example.com") for number in range(103)]
    assert [answer.status_code for answer in answers] == [401] * 100 + [429] * 3
    assert (await attempt("user200@example.com", WRONG, ELSEWHERE)).status_code == 401
    assert (await attempt(bob, PASSWORD)).status_code == 201


async def test_a_device_is_known_to_its_account_only_and_not_for_ever_wrong(
    app: App, attempt: SignIn, register: Register
) -> None:
    ann, eve = (await register())["email"], (await register())["email"]
    anns, eves = app.another_client().client, app.another_client().client
    first = await attempt(ann, PASSWORD, browser=anns)
    assert "__Host-device=" in first.headers.get_list("set-cookie")[1]
    assert "Max-Age=15552000; Path=/; Secure; HttpOnly; SameSite=Lax" in first.headers.get_list("set-cookie")[1]
    assert len((await attempt(ann, PASSWORD, browser=anns)).headers.get_list("set-cookie")) == 1, "it has one already"
    await attempt(eve, PASSWORD, browser=eves)
    for _ in range(8):
        await attempt(ann)

    assert (await attempt(ann, WRONG, browser=eves)).status_code == 429, "Eve's device is a stranger to Ann's account"
    forged = app.another_client().client
    for cookie in ("x", "", "A" * 64, anns.cookies["__Host-device"][:-1] + "?"):
        assert (await attempt(ann, WRONG, browser=with_device(forged, cookie))).status_code == 429
    known = [(await attempt(ann, WRONG, browser=anns)).status_code for _ in range(9)]
    assert known == [401] * 8 + [429], "a device that guesses is a device no more"
    assert (await attempt(ann, PASSWORD, browser=anns)).status_code == 201


def with_device(client: httpx.AsyncClient, cookie: str) -> httpx.AsyncClient:
    client.headers["cookie"] = f"__Host-device={cookie}"
    return client


async def test_a_stolen_session_cannot_guess_the_password(client: httpx.AsyncClient, ann: Json) -> None:
    async def erase(password: str) -> int:
        answer = await client.request("DELETE", "/api/accounts/me", json={"password": password})
        return answer.status_code

    assert [await erase(WRONG) for _ in range(9)] == [403] * 8 + [429]
    assert (await client.get("/api/accounts/me")).json() == ann
    assert await erase(PASSWORD) == 204


async def test_counters_name_no_person_and_no_place(attempt: SignIn, register: Register, redis: Redis) -> None:
    email = (await register(**{}))["email"]
    await attempt(email)
    keys = str(await redis.keys("limit:*"))
    assert "guess-pair" in keys
    assert "register-place" in keys
    for personal in (email, email.partition("@")[0], HERE, "127.0.0.1"):
        assert personal not in keys

"""Accounts and sessions, as somebody with a few browsers sees them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from support.customer import COOKIE, PASSWORD, Customer, problem_of
from support.shapes import Page, Session

Visitors = Callable[[], Customer]


async def test_opening_an_account(visitor: Customer) -> None:
    account = await visitor.sign_up(name="  Ada Archer ", country="fr")

    assert account.model_dump(include={"email", "name", "country", "jurisdiction", "roles"}) == {
        "email": visitor.email,
        "name": "Ada Archer",
        "country": "FR",
        "jurisdiction": "eu",
        "roles": [],
    }
    await visitor.refused("GET", "/api/accounts/me", 401, "unauthenticated")
    await visitor.sign_in()
    assert await visitor.account() == account


async def test_an_address_has_one_account(customer: Customer) -> None:
    body = {"email": customer.email.upper(), "password": PASSWORD, "name": "Eve", "country": "US"}

    assert problem_of(await customer.register(body), 409).slug == "email-taken"


@pytest.mark.parametrize(
    "change",
    [
        {"email": "nobody"},
        {"email": "a@b"},
        {"password": "short"},
        {"name": " "},
        {"name": "A\nB"},
        {"country": "XX"},
        {"roles": ["organiser"]},
    ],
    ids=str,
)
async def test_accounts_that_make_no_sense(change: dict[str, object], visitor: Customer) -> None:
    body = {"email": visitor.email, "password": PASSWORD, "name": "Ada", "country": "IE"}

    await visitor.refused("POST", "/api/accounts", 422, "invalid-input", json={**body, **change})


async def test_the_cookie_of_a_session(customer: Customer) -> None:
    body = {"email": customer.email, "password": PASSWORD}

    cookie = (await customer.request("POST", "/api/sessions", json=body)).headers["set-cookie"]

    pair, *attributes = cookie.split("; ")
    assert re.fullmatch(rf"{COOKIE}=[A-Za-z0-9_-]{{43}}", pair)
    assert set(attributes) == {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"}


async def test_a_sign_in_makes_a_new_session_and_ends_the_one_before(customer: Customer, visitor: Customer) -> None:
    before = customer.token
    await customer.sign_in()

    assert customer.token != before
    await visitor.refused("GET", "/api/accounts/me", 401, headers=cookie(before))
    assert len((await customer.read("/api/sessions", Page[Session])).items) == 1


async def test_where_i_am_signed_in(customer: Customer, visitor: Customer) -> None:
    account = await customer.account()
    await visitor.sign_in(customer.email)

    sessions = (await customer.read("/api/sessions", Page[Session])).items
    current = await customer.read("/api/sessions/current", Session)

    assert [session.current for session in sessions] == [False, True]
    assert sessions[1] == current
    assert {(session.account_id, session.user_agent) for session in sessions} == {(account.id, "journeys/1")}
    assert abs(current.expires_at - datetime.now(UTC) - timedelta(hours=12)) < timedelta(minutes=1)
    token = customer.token
    assert token
    assert token not in repr(sessions)


async def test_signing_out_here(customer: Customer, visitor: Customer) -> None:
    await visitor.sign_in(customer.email)
    token = customer.token

    answer = await customer.request("DELETE", "/api/sessions/current")

    assert answer.status_code == 204
    assert customer.token is None, "the browser forgot the cookie"
    await customer.refused("GET", "/api/accounts/me", 401, headers=cookie(token))
    assert (await visitor.account()).email == customer.email


async def test_signing_out_everywhere(customer: Customer, visitor: Customer) -> None:
    await visitor.sign_in(customer.email)

    assert (await customer.request("DELETE", "/api/sessions")).status_code == 204

    for each in (customer, visitor):
        await each.refused("GET", "/api/accounts/me", 401, "unauthenticated")


async def test_guessing_a_password_slows_the_guesser_and_not_the_owner(customer: Customer, visitors: Visitors) -> None:
    wrong = {"email": customer.email, "password": "correct-horse-buttery"}
    guesser = visitors()
    for _ in range(8):
        await guesser.refused("POST", "/api/sessions", 401, "wrong-credentials", json=wrong)
    answer = await guesser.request("POST", "/api/sessions", json=wrong)
    assert 0 < int(answer.headers["retry-after"]) <= 300
    assert answer.json()["type"].endswith("/too-many-requests")

    await customer.refused("POST", "/api/sessions", 401, "wrong-credentials", json=wrong)
    await customer.sign_in()
    await visitors().sign_in(customer.email)


async def test_many_wrong_passwords_from_one_place_lock_out_none_who_share_it(
    customer: Customer, visitors: Visitors
) -> None:
    guesser = visitors()
    for number in range(101):
        body = {"email": f"{number}.{customer.email}", "password": "correct-horse-buttery"}
        assert (await guesser.request("POST", "/api/sessions", json=body)).status_code in (401, 429)
    await visitors().sign_in(customer.email)


async def test_whether_an_address_has_an_account_stays_unsaid(customer: Customer, visitor: Customer) -> None:
    refusals = [
        await visitor.refused("POST", "/api/sessions", 401, json={"email": email, "password": "not the password"})
        for email in (customer.email, visitor.email, "no address at all")
    ]

    assert refusals[0] == refusals[1] == refusals[2]


@pytest.mark.parametrize("token", [b"0" * 43, b"", b"a b", b"\x7f", b"\xc3\xa9", b"\xff", b"x" * 3000, b'"'], ids=repr)
async def test_a_made_up_token_opens_nothing(token: bytes, visitor: Customer) -> None:
    answer = await visitor.get("/api/accounts/me", headers={b"cookie": COOKIE.encode() + b"=" + token})

    assert answer.status_code in (400, 401)


def cookie(token: str | None) -> dict[str, str]:
    assert token
    return {"cookie": f"{COOKIE}={token}"}

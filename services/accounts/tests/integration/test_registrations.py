"""How many accounts one place may open, and how many mails one address may be sent by opening them."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from accounts.passwords import Passwords, passwords_of
from chassis.testing import App, eventually

Register = Callable[..., Awaitable[dict[str, Any]]]
SignIn = Callable[..., Coroutine[Any, Any, httpx.Response]]
Rows = Callable[..., Awaitable[list[dict[str, Any]]]]

PASSWORD = "correct horse battery"


@pytest.fixture
def open_account(client: httpx.AsyncClient) -> SignIn:
    async def open_account(email: str, place: str = "203.0.113.7") -> httpx.Response:
        body = {"email": email, "password": PASSWORD, "name": "Ann", "country": "DE"}
        return await client.post("/api/accounts", json=body, headers={"x-forwarded-for": place})

    return open_account


async def test_a_place_opens_a_bounded_number_of_accounts(open_account: SignIn, rows: Rows) -> None:
    answers = await asyncio.gather(*(open_account(f"ann{number}@example.com") for number in range(15)))
    answers += [await open_account(f"bea{number}@example.com") for number in range(15)]
    assert sorted(answer.status_code for answer in answers) == [201] * 20 + [429] * 10
    assert all(0 < int(answer.headers["retry-after"]) <= 600 for answer in answers[20:])
    assert (await open_account("cem@example.com", "198.51.100.7")).status_code == 201
    assert await rows("SELECT count(*) AS n FROM accounts") == [{"n": 21}]


async def test_whether_an_address_is_taken_is_answered_as_rarely(open_account: SignIn) -> None:
    await open_account("ann@example.com", "198.51.100.7")
    answers = [(await open_account("ann@example.com")).status_code for _ in range(22)]
    assert answers == [409] * 20 + [429] * 2


async def test_erasing_and_opening_again_comes_to_an_end(
    client: httpx.AsyncClient, open_account: SignIn, sign_in: SignIn, rows: Rows
) -> None:
    statuses = []
    for number in range(5):
        opened = await open_account("ann@example.com", f"198.51.100.{number}")
        statuses.append(opened.status_code)
        if opened.status_code == 201:
            await sign_in("ann@example.com")
            gone = await client.request("DELETE", "/api/accounts/me", json={"password": PASSWORD})
            assert gone.status_code == 204
    assert statuses == [201] * 3 + [429] * 2
    assert await rows("SELECT count(*) AS n FROM accounts") == [{"n": 0}]
    assert await rows("SELECT count(*) AS n FROM event_log WHERE type = 'account.registered'") == [{"n": 3}]


async def test_who_does_not_get_an_address_uses_up_nothing_of_its_owner(open_account: SignIn) -> None:
    await open_account("ann@example.com", "198.51.100.7")
    for number in range(5):
        assert (await open_account("ann@example.com", f"192.0.2.{number}")).status_code == 409


async def test_an_organiser_opens_accounts_at_the_desk(app: App, open_account: SignIn) -> None:
    await app.sign_in(roles=["organiser"])
    answers = [(await open_account(f"ann{number}@example.com")).status_code for number in range(25)]
    assert answers == [201] * 25
    await app.sign_in()
    answers = [(await open_account(f"bea{number}@example.com")).status_code for number in range(21)]
    assert answers == [201] * 20 + [429], "a customer has no quota of that kind"


async def test_registrations_leave_sign_ins_their_places(app: App, open_account: SignIn, sign_in: SignIn) -> None:
    """More registrations than may wait: the rest is refused, and a sign-in that comes last is not behind them."""
    await open_account("ann@example.com", "192.0.2.1")
    passwords = passwords_of(app.runtime("accounts"))

    async def queued() -> int:
        return passwords._slots.queued

    async with AsyncExitStack() as slots:
        await slots.enter_async_context(passwords.slot())
        last = await slots.enter_async_context(AsyncExitStack())
        await last.enter_async_context(passwords.slot())  # now all that there are in these tests are taken
        crowd = [
            asyncio.create_task(open_account(f"eve{number}@example.com", f"10.0.{number}.1")) for number in range(30)
        ]
        done: set[asyncio.Task[httpx.Response]] = set()
        while len(done) < 30 - 17:  # one holds the place of registrations, sixteen wait
            done, _ = await asyncio.wait(crowd, return_when=asyncio.FIRST_COMPLETED)
        assert {each.result().status_code for each in done} == {503}
        assert all(each.result().headers["retry-after"] for each in done)
        signing_in = asyncio.create_task(sign_in("ann@example.com"))
        await eventually(queued, lambda number: number == 2)
        order = worked_on(passwords)
        await last.aclose()
        assert (await signing_in).status_code == 201
    assert order[0] == "_verify"
    assert {each.status_code for each in await asyncio.gather(*crowd)} == {201, 503}


def worked_on(passwords: Passwords) -> list[str]:
    """What the threads for passwords do from now on, in order."""
    order: list[str] = []
    in_thread = passwords._in_thread

    async def noted(work: Callable[..., Any], *arguments: object) -> Any:
        order.append(work.__name__)
        return await in_thread(work, *arguments)

    passwords._in_thread = noted  # type: ignore[method-assign]
    return order

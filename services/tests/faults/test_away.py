"""Servers that stay away for a while: who needs them is told so at once, and all is well when they are back."""

from functools import partial
from time import monotonic
from uuid import uuid4

import httpx
import pytest

from chassis.testing import eventually
from support.books import Books
from support.customer import PASSWORD, Customer, NewCustomer, problem_of
from support.shapes import Performance
from support.stack import ENGINE, Stack

pytestmark = pytest.mark.faults

SOON = 2.5
"""Seconds: the two that are promised, and half of one for a busy machine."""


async def ask(who: Customer, method: str, path: str, **arguments: object) -> httpx.Response:
    """Send a request that must be answered soon."""
    began = monotonic()
    answer = await who.request(method, path, **arguments)
    assert monotonic() - began < SOON, f"{method} {path}: {answer.status_code} after {monotonic() - began:.1f} s"
    return answer


def check_unavailable(answer: httpx.Response) -> None:
    problem_of(answer, 503)
    assert 1 <= int(answer.headers["retry-after"]) <= 10


PUBLIC = ("/", "/api/shows", "/api/shows?q=moth", "/api/openapi.json")


async def check_public_pages(visitor: Customer, performance: Performance) -> None:
    """What needs neither a session nor a service that is away is there."""
    for path in (*PUBLIC, f"/api/performances/{performance.id}"):
        answer = await ask(visitor, "GET", path)
        assert answer.status_code == 200, f"{path}: {answer.text}"


@pytest.mark.parametrize("name", ["postgres", "valkey"])
async def test_what_many_requests_need(
    name: str, stack: Stack, customer: Customer, visitor: Customer, performance: Performance
) -> None:
    hold = await customer.hold(performance.id)
    order = {"hold_id": str(hold.id), "payment_token": "tok_visa"}
    seats = {"performance_id": str(performance.id), "seats": ["B9"]}
    key = {"idempotency-key": uuid4().hex}
    places = [f"http://{row.host}:{row.port}" for row in (await stack.instances()).values()]

    async with stack.without(name):
        check_unavailable(await ask(customer, "POST", "/api/orders", json=order, headers=key))
        check_unavailable(await ask(customer, "POST", "/api/holds", json=seats))
        check_unavailable(await ask(customer, "GET", "/api/orders"))
        check_unavailable(await ask(customer, "GET", "/api/tickets"))
        check_unavailable(
            await ask(visitor, "POST", "/api/sessions", json={"email": customer.email, "password": PASSWORD})
        )
        async with httpx.AsyncClient(trust_env=False) as inside:
            for place in places:
                ready = partial(inside.get, f"{place}/readyz")
                wanted = 503 if name == "postgres" else 200
                await eventually(ready, lambda answer, wanted=wanted: answer.status_code == wanted)  # type: ignore[misc]
                assert (await inside.get(f"{place}/livez")).status_code == 200
        if name == "valkey":
            for who in (visitor, customer):
                await check_public_pages(who, performance)
                assert (await ask(who, "GET", f"/api/performances/{performance.id}/seats")).status_code == 200
    await stack.until_ready()

    async def placed() -> httpx.Response:
        return await customer.request("POST", "/api/orders", json=order, headers=key)

    answer = await eventually(placed, lambda answer: answer.status_code == 202)
    path = answer.headers["location"]
    await eventually(lambda: customer.get(path), lambda answer: answer.json().get("status") == "confirmed")


@pytest.mark.skipif(ENGINE == "kubernetes", reason="a cluster cannot have a process do nothing: TEST_ENGINE=local can")
@pytest.mark.parametrize("name", ["postgres", "valkey"])
async def test_what_every_request_needs_hangs(
    name: str, stack: Stack, customer: Customer, performance: Performance
) -> None:
    """Worse than to be gone: it takes what is sent and does not answer.

    Who comes first waits until a statement has had its time. Then readiness has failed where no database answers, and
    the edge answers at once.
    """
    async with stack.hanging(name):
        check_unavailable(await customer.get("/api/orders"))
        check_unavailable(await ask(customer, "GET", "/api/orders"))

    await eventually(lambda: customer.get("/api/orders"), lambda answer: answer.status_code == 200)
    assert (await customer.buy(performance.id)).status == "confirmed"


async def test_without_one_database_the_other_services_answer(
    stack: Stack, books: Books, customer: Customer, visitor: Customer, performance: Performance
) -> None:
    async with books.locked("orders"):
        check_unavailable(await ask(customer, "GET", "/api/orders"))
        await check_public_pages(visitor, performance)
        await customer.hold(performance.id)
        assert (await ask(customer, "GET", "/api/tickets")).status_code == 200

    await eventually(lambda: customer.get("/api/orders"), lambda answer: answer.status_code == 200)


async def test_without_the_broker_orders_wait(stack: Stack, customer: Customer, performance: Performance) -> None:
    async with stack.without("broker"):
        order = await customer.order(await customer.hold(performance.id))
        assert (await customer.look_at(order)).status == "placed"

    told = await customer.follow(order, seconds=60)

    assert told[-1].status == "confirmed"
    await eventually(customer.tickets, lambda found: len(found) == 1)


async def test_without_vault_all_goes_on(
    stack: Stack, new_customer: NewCustomer, visitor: Customer, performance: Performance
) -> None:
    async with stack.without("openbao"):
        customer = await new_customer()
        assert (await customer.buy(performance.id)).status == "confirmed"
        assert (await visitor.get("/api/shows")).status_code == 200

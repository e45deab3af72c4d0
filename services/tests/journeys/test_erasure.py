"""The right to be forgotten: after it, nothing in any service says who somebody was."""

from uuid import UUID

import pytest

from chassis.testing import eventually
from support.books import Books
from support.customer import PASSWORD, Customer
from support.shapes import Performance

NAME = "Zebedee Quixworth"


@pytest.fixture
async def forgettable(visitor: Customer) -> Customer:
    """Somebody with a name that nobody else has."""
    await visitor.sign_up(name=NAME)
    await visitor.sign_in()
    return visitor


async def test_after_erasure_there_is_nobody(forgettable: Customer, performance: Performance) -> None:
    order = await forgettable.buy(performance.id, ["A1"])
    token = forgettable.token

    await forgettable.refused("DELETE", "/api/accounts/me", 422)
    await forgettable.refused("DELETE", "/api/accounts/me", 403, "wrong-password", json={"password": "a wrong one"})
    answer = await forgettable.erase()

    assert answer.status_code == 204
    for path in ("/api/accounts/me", "/api/sessions", "/api/orders", order.path, "/api/tickets", "/api/notifications"):
        await forgettable.refused("GET", path, 401, headers={"cookie": f"__Host-session={token}"})
    credentials = {"email": forgettable.email, "password": PASSWORD}
    await forgettable.refused("POST", "/api/sessions", 401, "wrong-credentials", json=credentials)
    assert "A1" in (await forgettable.seat_map(performance.id)).labels("sold"), "the seat stays theirs who has the code"


async def test_the_address_is_free_again_and_brings_nothing_back(
    forgettable: Customer, performance: Performance
) -> None:
    order = await forgettable.buy(performance.id)
    await eventually(forgettable.tickets)
    await forgettable.erase()

    await forgettable.sign_up(name="Somebody Else")
    await forgettable.sign_in()

    await forgettable.refused("GET", order.path, 404)
    assert await forgettable.tickets() == []
    assert {each.kind for each in await forgettable.inbox()} <= {"welcome"}


async def test_no_database_knows_a_name_or_an_address(
    forgettable: Customer, performance: Performance, books: Books
) -> None:
    order = await forgettable.buy(performance.id, ["A1"])
    declined = await forgettable.buy(performance.id, ["A2"], "tok_declined")
    account = await forgettable.account()
    await eventually(forgettable.inbox, lambda found: len(found) == 3)
    assert await books.mentions(forgettable.email, NAME), "there is something to forget"

    await forgettable.erase()

    async def mentions() -> list[str]:
        return await books.mentions(forgettable.email, NAME)

    await eventually(mentions, lambda found: not found)
    assert {each["id"] for each in await books.orders([order.id, declined.id])} == {order.id, declined.id}

    async def owners() -> list[UUID | None]:
        return [each["account_id"] for each in await books.tickets([order.id, declined.id])]

    assert await eventually(owners, lambda found: account.id not in found) == [None]

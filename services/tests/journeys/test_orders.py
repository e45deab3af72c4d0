"""Orders: the idempotency key, taking one back, and that it is nobody else's business."""

import asyncio
from uuid import uuid4

import pytest

from chassis.testing import eventually
from support.customer import Customer, NewCustomer, problem_of, shaped
from support.organiser import Organiser
from support.shapes import Order, Page, Performance


async def test_the_same_key_gives_the_same_order(customer: Customer, performance: Performance) -> None:
    hold = await customer.hold(performance.id, 2)

    first = await customer.send_order(hold.id, key="once")
    order = shaped(first, Order, 202)
    again = shaped(await customer.send_order(hold.id, key="once"), Order, 202)
    await customer.follow(order)
    later = shaped(await customer.send_order(hold.id, key="once"), Order, 202)

    assert first.headers["location"] == order.path
    assert again.id == later.id == order.id
    assert later.status == "confirmed"
    assert [each.id for each in (await customer.read("/api/orders", Page[Order])).items] == [order.id]


async def test_many_at_once_with_one_key_are_one_order(customer: Customer, performance: Performance) -> None:
    hold = await customer.hold(performance.id)

    answers = await asyncio.gather(*(customer.send_order(hold.id, key="impatient") for _ in range(8)))

    assert len({shaped(answer, Order, 202).id for answer in answers}) == 1


async def test_a_key_is_for_one_body(customer: Customer, performance: Performance) -> None:
    hold = await customer.hold(performance.id)
    await customer.order(hold, key="mine")

    problem = problem_of(await customer.send_order(hold.id, "tok_slow", key="mine"), 422)
    other = problem_of(await customer.send_order((await customer.hold(performance.id)).id, key="mine"), 422)

    assert problem.slug == other.slug == "idempotency-key-reused"


async def test_a_key_is_ones_own(new_customer: NewCustomer, performance: Performance) -> None:
    one, other = await new_customer(), await new_customer()

    orders = [await each.order(await each.hold(performance.id), key="the-same") for each in (one, other)]

    assert orders[0].id != orders[1].id


async def test_an_order_needs_a_key(customer: Customer, performance: Performance) -> None:
    body = {"hold_id": str((await customer.hold(performance.id)).id), "payment_token": "tok_visa"}

    await customer.refused("POST", "/api/orders", 422, "invalid-input", json=body)


async def test_a_hold_becomes_one_order(customer: Customer, performance: Performance) -> None:
    hold = await customer.hold(performance.id)
    await customer.order(hold)

    assert problem_of(await customer.send_order(hold.id), 409).slug == "hold-used"


async def test_a_hold_that_is_gone_cannot_be_ordered(customer: Customer, performance: Performance) -> None:
    hold = await customer.hold(performance.id)
    await customer.request("DELETE", f"/api/holds/{hold.id}")

    assert problem_of(await customer.send_order(hold.id), 409).slug == "hold-expired"
    assert problem_of(await customer.send_order(uuid4()), 409).slug == "hold-expired"


async def test_taking_an_order_back(customer: Customer, performance: Performance) -> None:
    order = await customer.buy(performance.id, ["B1", "B2"])

    assert (await customer.cancel(order)).status == "cancelled"
    told = await eventually(lambda: customer.look_at(order), lambda order: order.status == "refunded")

    assert told.total == order.total
    history = await customer.history(order)
    assert history.types == ["order.placed", "order.paid", "order.confirmed", "order.cancelled", "order.refunded"]
    assert history.items[3].data["reason"] == "customer"
    seats = await eventually(lambda: customer.seat_map(performance.id), lambda seats: not seats.labels("sold"))
    assert {"B1", "B2"} <= set(seats.labels())
    tickets = await eventually(customer.tickets, lambda found: [each.state for each in found] == ["void", "void"])
    assert {ticket.order_id for ticket in tickets} == {order.id}
    inbox = await eventually(customer.inbox, lambda found: len(found) == 4)
    assert {each.kind for each in inbox} == {"welcome", "order-confirmed", "order-cancelled", "order-refunded"}


async def test_taking_it_back_again_changes_nothing(customer: Customer, performance: Performance) -> None:
    order = await customer.buy(performance.id)
    await customer.cancel(order)
    await eventually(lambda: customer.look_at(order), lambda order: order.status == "refunded")

    assert (await customer.cancel(order)).status == "refunded"
    assert len((await customer.history(order)).items) == 5


async def test_an_order_taken_back_before_it_is_paid_costs_nothing(
    customer: Customer, performance: Performance
) -> None:
    order = await customer.order(await customer.hold(performance.id, ["A1"]), "tok_slow")

    await customer.cancel(order)

    await eventually(lambda: customer.seat_map(performance.id), lambda seats: "A1" in seats.labels())
    assert "order.confirmed" not in (await customer.history(order)).types
    assert await customer.tickets() == []


async def test_what_was_declined_cannot_be_taken_back(customer: Customer, performance: Performance) -> None:
    order = await customer.buy(performance.id, token="tok_declined")

    await customer.refused("POST", f"{order.path}/cancellation", 409, "not-cancellable")


async def test_a_cancelled_performance_is_paid_back(
    organiser: Organiser, customer: Customer, performance: Performance
) -> None:
    order = await customer.buy(performance.id)

    await organiser.cancel_performance(performance)

    told = await eventually(lambda: customer.look_at(order), lambda order: order.status == "refunded")
    assert told.id == order.id
    assert (await customer.history(order)).items[3].data["reason"] == "performance-cancelled"
    body = {"performance_id": str(performance.id), "seats": ["A9"]}

    async def refusal() -> str:
        answer = await customer.request("POST", "/api/holds", json=body)
        return problem_of(answer).slug if answer.is_error else ""

    await eventually(refusal, lambda slug: slug == "performance-closed")


@pytest.mark.parametrize("rest", ["", "/history", "/stream"])
async def test_an_order_is_its_customers_alone(
    rest: str, customer: Customer, new_customer: NewCustomer, visitor: Customer, performance: Performance
) -> None:
    order = await customer.order(await customer.hold(performance.id))
    other = await new_customer()

    await other.refused("GET", order.path + rest, 404)
    await visitor.refused("GET", order.path + rest, 401)


async def test_tickets_and_holds_are_their_customers_alone(
    customer: Customer, new_customer: NewCustomer, performance: Performance
) -> None:
    other = await new_customer()
    order, hold = await customer.buy(performance.id), await customer.hold(performance.id)
    (ticket,) = await eventually(customer.tickets)

    await other.refused("GET", f"/api/tickets/{ticket.id}", 404)
    await other.refused("GET", f"/api/tickets/{ticket.id}/qr.svg", 404)
    await other.refused("GET", f"/api/holds/{hold.id}", 404)
    await other.refused("DELETE", f"/api/holds/{hold.id}", 404)
    await other.refused("POST", f"{order.path}/cancellation", 404)
    assert problem_of(await other.send_order(hold.id), 409).slug == "hold-expired", "as if it were not there"
    assert (await other.read("/api/orders", Page[Order])).items == []
    assert await other.tickets() == []
    assert [each.kind for each in await eventually(other.inbox)] == ["welcome"]


async def test_orders_come_in_pages(customer: Customer, performance: Performance) -> None:
    placed = [await customer.order(await customer.hold(performance.id)) for _ in range(5)]

    pages, cursor = [], None
    while True:
        page = await customer.read("/api/orders", Page[Order], limit=2, **({"cursor": cursor} if cursor else {}))
        pages.append([order.id for order in page.items])
        if (cursor := page.next_cursor) is None:
            break

    assert [len(page) for page in pages] == [2, 2, 1]
    assert [order for page in pages for order in page] == [order.id for order in reversed(placed)]

"""Tickets: one per seat, valid while the order holds, nobody's once their holder was erased."""

from typing import Any
from uuid import uuid4

from notifications import handlers
from notifications.domain import verified_ticket

KEY = bytes(range(32))


async def test_each_seat_gets_a_ticket_that_the_door_accepts(office: Any, new_order: Any) -> None:
    order = new_order(uuid4(), "A1", "A2", "A3")
    await office.confirm(order)
    tickets = await office.tickets()
    assert [ticket.seat for ticket in tickets] == ["A1", "A2", "A3"]
    assert {(ticket.order_id, ticket.account_id, ticket.show) for ticket in tickets} == {
        (order.order_id, order.account_id, "Hamlet")
    }
    assert [verified_ticket(KEY, ticket.code, order.performance_id) for ticket in tickets] == [
        ticket.id for ticket in tickets
    ]


async def test_the_others_are_told_of_each_ticket(office: Any, new_order: Any) -> None:
    order = new_order(uuid4(), "A1", "A2")
    await office.confirm(order)
    events = await office.events()
    assert {(event.type, event.key) for event in events} == {("ticket.issued", str(order.order_id))}
    assert {event.data["ticket_id"] for event in events} == {str(ticket.id) for ticket in await office.tickets()}
    assert [event.data["seat"] for event in events] == ["A1", "A2"]


async def test_the_same_confirmation_again_changes_nothing(office: Any, new_order: Any) -> None:
    order, other = new_order(uuid4()), new_order(uuid4())
    await office.confirm(order)
    before = await office.tickets()
    await office.confirm(other, order)
    assert [ticket for ticket in await office.tickets() if ticket.order_id == order.order_id] == before
    assert len(await office.events()) == 4
    assert await office.mail_states() == {"waiting": 2}


async def test_a_closed_order_has_void_tickets(office: Any, new_order: Any) -> None:
    order, other = new_order(uuid4()), new_order(uuid4())
    await office.confirm(order, other)
    await office.do(handlers.close_orders, [order.order_id])
    states = {(ticket.order_id, ticket.state) for ticket in await office.tickets()}
    assert states == {(order.order_id, "void"), (other.order_id, "valid")}


async def test_an_order_closed_before_its_confirmation_came_gets_none(office: Any, new_order: Any) -> None:
    order = new_order(uuid4())
    await office.do(handlers.close_orders, [order.order_id])
    await office.confirm(order)
    assert (await office.tickets(), await office.events(), await office.mail_states()) == ([], [], {})


async def test_tickets_of_an_erased_customer_stay_without_a_holder(office: Any, new_order: Any) -> None:
    account = await office.register()
    order = new_order(account)
    await office.confirm(order)
    await office.do(handlers.erase, [account])
    assert {(ticket.account_id, ticket.state) for ticket in await office.tickets()} == {(None, "valid")}


async def test_tickets_that_come_after_the_erasure_have_no_holder(office: Any, new_order: Any) -> None:
    account = uuid4()
    await office.do(handlers.erase, [account])
    await office.confirm(new_order(account), new_order(None))
    assert {ticket.account_id for ticket in await office.tickets()} == {None}
    assert len(await office.events()) == 4
    assert await office.mail_states() == {}

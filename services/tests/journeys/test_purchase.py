"""From the programme to the door: what a customer sees who buys tickets."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from email import message_from_bytes, policy
from email.message import EmailMessage
from xml.etree import ElementTree

import pytest

from chassis.testing import eventually
from support.customer import Customer
from support.shapes import ListedShow, Order, Page, Performance, Show, Ticket
from support.tier import Tier

SVG = "{http://www.w3.org/2000/svg}"


async def test_from_the_programme_to_the_tickets(customer: Customer) -> None:
    programme = await customer.read("/api/shows", Page[ListedShow], limit=50)
    show = await customer.read(f"/api/shows/{programme.items[0].id}", Show)
    performance = show.performances[-1]

    hold = await customer.hold(performance.id, 2)
    assert (await customer.read(f"/api/holds/{hold.id}", type(hold))) == hold
    order = await customer.order(hold)
    assert (order.status, order.seats, order.total) == ("placed", hold.seats, hold.total)
    told = await customer.follow(order)

    assert told[-1].status == "confirmed"
    assert all(each.model_copy(update={"status": "placed"}) == order for each in told)
    assert (await customer.history(order)).types == ["order.placed", "order.paid", "order.confirmed"]
    tickets = await until_tickets(customer, order)
    assert [ticket.seat for ticket in tickets] == hold.seats
    assert {(ticket.show, ticket.starts_at, ticket.performance_id) for ticket in tickets} == {
        (show.title, performance.starts_at, performance.id)
    }
    assert len({ticket.code for ticket in tickets}) == 2
    sold = (await customer.seat_map(performance.id)).labels("sold")
    assert set(hold.seats) <= set(sold)


async def test_a_ticket_has_a_code_to_show_at_the_door(customer: Customer, performance: Performance) -> None:
    (ticket,) = await until_tickets(customer, await customer.buy(performance.id))

    assert await customer.read(f"/api/tickets/{ticket.id}", Ticket) == ticket
    response = await customer.get(f"/api/tickets/{ticket.id}/qr.svg")
    assert response.headers["content-type"] == "image/svg+xml"
    assert "no-store" in response.headers["cache-control"]
    image = ElementTree.fromstring(response.text)  # noqa: S314 - our own answer
    assert image.tag == f"{SVG}svg"
    assert image.findall(f".//{SVG}path")


async def test_the_news_is_in_the_inbox_and_in_the_mail(
    tier: Tier, customer: Customer, performance: Performance
) -> None:
    account = await customer.account()
    order = await customer.buy(performance.id, ["A1", "A2"])

    inbox = await eventually(customer.inbox, lambda found: len(found) == 2)

    assert [each.kind for each in inbox] == ["order-confirmed", "welcome"]
    assert inbox[0].order_id == order.id
    assert inbox[0].subject == f"Your 2 tickets for {performance.show}"
    assert "seats A1 and A2" in inbox[0].body
    assert "50.00 EUR" in inbox[0].body
    if tier.mails is None:
        pytest.skip("this tier's mail is out of reach")
    mail = await until_mail(tier.mails, account.email, inbox[0].subject)
    tickets = await customer.tickets()
    text = mail.get_body(("plain",))
    assert text is not None
    assert all(ticket.code in text.get_content() for ticket in tickets)
    assert [part.get_content_type() for part in mail.walk()].count("image/png") == 2


async def test_declined(customer: Customer, performance: Performance) -> None:
    order = await customer.buy(performance.id, ["A3"], "tok_declined")

    assert order.status == "declined"
    await eventually(lambda: customer.seat_map(performance.id), lambda seats: "A3" in seats.labels())
    history = await customer.history(order)
    assert history.types == ["order.placed", "order.declined"]
    assert history.items[-1].data["reason"] == "card-declined"
    inbox = await eventually(customer.inbox, lambda found: len(found) == 2)
    assert inbox[0].kind == "order-declined"
    assert await customer.tickets() == []
    assert (await customer.buy(performance.id, ["A3"])).status == "confirmed", "another card, the same seat"


async def test_a_slow_payment(customer: Customer, performance: Performance) -> None:
    order = await customer.order(await customer.hold(performance.id), "tok_slow")

    told = await customer.follow(order)

    assert told[0].status == "placed"
    assert told[-1].status == "confirmed"
    history = await customer.history(order)
    assert (history.items[1].at - history.items[0].at).total_seconds() >= 3


async def test_a_flaky_payment(customer: Customer, performance: Performance) -> None:
    assert (await customer.buy(performance.id, token="tok_flaky")).status == "confirmed"


async def test_the_seat_map_is_live(customer: Customer, visitor: Customer, performance: Performance) -> None:
    states: dict[str, list[str]] = {"A1": [], "A2": []}
    order: Order | None = None
    path = f"/api/performances/{performance.id}/seats/stream"
    async with asyncio.timeout(20), aclosing(visitor.events(path)) as events:
        async for name, data in events:
            if order is None:
                assert (name, data) == ("snapshot", {})
                order = await customer.order(await customer.hold(performance.id, ["A1", "A2"]))
            else:
                assert name == "seat"
                states[data["label"]].append(data["state"])
            if all(seen and seen[-1] == "sold" for seen in states.values()):
                break
    assert states == {"A1": ["held", "sold"], "A2": ["held", "sold"]}


async def test_an_order_that_is_over_has_a_stream_that_ends(customer: Customer, performance: Performance) -> None:
    order = await customer.buy(performance.id)

    assert [data["status"] async for _, data in customer.events(f"{order.path}/stream", "order")] == ["confirmed"]


async def until_tickets(customer: Customer, order: Order) -> list[Ticket]:
    """The tickets of an order that is confirmed; they come a moment later."""

    async def tickets() -> list[Ticket]:
        return [ticket for ticket in await customer.tickets() if ticket.order_id == order.id]

    found: list[Ticket] = await eventually(tickets, lambda found: len(found) == len(order.seats))
    return found


async def until_mail(sent: Callable[[], list[bytes]], recipient: str, subject: str) -> EmailMessage:
    """The mail with this subject to this address, once it is there."""

    def look() -> EmailMessage | None:
        mails = (message_from_bytes(source, policy=policy.default) for source in sent())
        return next((mail for mail in mails if recipient in mail["to"] and mail["subject"] == subject), None)

    found: EmailMessage = await eventually(lambda: asyncio.to_thread(look))
    return found

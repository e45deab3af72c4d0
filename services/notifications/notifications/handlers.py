"""What notifications does with the news: issues and voids tickets, writes messages, forgets people."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.ids import uuid7
from chassis.messaging import outbox
from notifications import repository, wording
from notifications.domain import Kind, Message, Ticket, message_id, ticket_code
from notifications.events import TicketIssued


@dataclass(frozen=True, slots=True)
class ConfirmedOrder:
    """An order whose seats are the customer's. `paid` is in words, e.g. `85.00 EUR`."""

    order_id: UUID
    account_id: UUID | None
    performance_id: UUID
    show: str
    starts_at: datetime
    seats: tuple[str, ...]
    paid: str


async def issue_tickets(tx: AsyncConnection, orders: Sequence[ConfirmedOrder], *, key: bytes) -> None:
    """One ticket per seat, signed with `key`, and the news of it to the customer and to the other services.

    An order that has its tickets keeps them. One that was closed before its confirmation came gets none.
    """
    closed = await repository.closed_among(tx, [order.order_id for order in orders])
    orders = [order for order in orders if order.order_id not in closed]
    erased = await repository.lock_erased(tx, {order.account_id for order in orders})
    tickets = [ticket for order in orders for ticket in _tickets(order, erased, key)]
    issued = await repository.add_tickets(tx, tickets)
    await outbox.append(tx, *(_issued(ticket) for ticket in tickets if ticket.id in issued))
    await repository.add_messages(tx, [_news(order) for order in orders if order.account_id not in erased])


async def tell(tx: AsyncConnection, messages: Sequence[Message]) -> None:
    """Tell customers something, in their inbox and by mail; erased ones are left alone."""
    erased = await repository.lock_erased(tx, {message.account_id for message in messages})
    await repository.add_messages(tx, [message for message in messages if message.account_id not in erased])


async def close_orders(tx: AsyncConnection, order_ids: Sequence[UUID]) -> None:
    """These orders are off: their tickets are void, and a mail with tickets that has not gone out yet does not."""
    await repository.close_orders(tx, order_ids, [message_id(Kind.CONFIRMED, order_id) for order_id in order_ids])


async def erase(tx: AsyncConnection, account_ids: Sequence[UUID]) -> None:
    """Forget these customers: messages and mails go, their tickets lose the holder."""
    await repository.erase(tx, account_ids)


def _tickets(order: ConfirmedOrder, erased: set[UUID | None], key: bytes) -> list[Ticket]:
    """The newest id goes to the first seat: lists are newest first, so they show the seats in order."""
    ids = sorted((uuid7() for _ in order.seats), reverse=True)
    return [
        Ticket(
            id=ticket_id,
            order_id=order.order_id,
            account_id=None if order.account_id in erased else order.account_id,
            performance_id=order.performance_id,
            seat=seat,
            show=order.show,
            starts_at=order.starts_at,
            code=ticket_code(key, ticket_id, order.performance_id),
        )
        for ticket_id, seat in zip(ids, order.seats, strict=True)
    ]


def _news(order: ConfirmedOrder) -> Message:
    return wording.confirmed(
        account_id=order.account_id,
        order_id=order.order_id,
        show=order.show,
        starts_at=order.starts_at,
        seats=order.seats,
        paid=order.paid,
    )


def _issued(ticket: Ticket) -> TicketIssued:
    return TicketIssued(
        order_id=ticket.order_id, ticket_id=ticket.id, performance_id=ticket.performance_id, seat=ticket.seat
    )

"""Queries on tickets, messages and erased accounts. What writes takes a batch, and is one statement."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Uuid, any_, bindparam, delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Batch
from notifications.domain import MailState, Message, Ticket, TicketState
from notifications.tables import closed_orders, contacts, mails, messages, tickets

_ids: Any = any_(bindparam("ids", type_=ARRAY(Uuid)))

_accounts = Batch(contacts.c.account_id)
_add_contacts = insert(contacts).from_select(_accounts.names, _accounts.table.select()).on_conflict_do_nothing()
_lock_contacts = (
    select(contacts.c.account_id, contacts.c.erased_at)
    .where(contacts.c.account_id == _ids)
    .order_by(contacts.c.account_id)
    .with_for_update(read=True)
)

_erase_contacts = (
    insert(contacts)
    .from_select(
        ["account_id", "erased_at"], select(_accounts.c.account_id, func.now()).order_by(_accounts.c.account_id)
    )
    .on_conflict_do_update(
        index_elements=[contacts.c.account_id], set_={"email": None, "name": None, "erased_at": func.now()}
    )
)
_erase_messages = delete(messages).where(messages.c.account_id == _ids).returning(messages.c.id)
_erase_mails = delete(mails).where(mails.c.message_id == _ids)
_erase_holders = update(tickets).where(tickets.c.account_id == _ids).values(account_id=None)

_new_tickets = Batch(
    tickets.c.id,
    tickets.c.order_id,
    tickets.c.account_id,
    tickets.c.performance_id,
    tickets.c.seat,
    tickets.c.show,
    tickets.c.starts_at,
    tickets.c.code,
)
_add_tickets = (
    insert(tickets)
    .from_select(_new_tickets.names, _new_tickets.table.select())
    .on_conflict_do_nothing()
    .returning(tickets.c.id)
)

_closed = Batch(closed_orders.c.order_id)
_close = insert(closed_orders).from_select(_closed.names, _closed.table.select()).on_conflict_do_nothing()
_closed_among = select(closed_orders.c.order_id).where(closed_orders.c.order_id == _ids)
_void_tickets = update(tickets).where(tickets.c.order_id == _ids).values(state=TicketState.VOID)
_drop_mails = (
    update(mails).where(mails.c.message_id == _ids, mails.c.state == MailState.WAITING).values(state=MailState.DROPPED)
)

_news = Batch(
    messages.c.id,
    messages.c.account_id,
    messages.c.order_id,
    messages.c.link_id,
    messages.c.kind,
    messages.c.subject,
    messages.c.body,
)
_written = (
    insert(messages)
    .from_select(_news.names, _news.table.select())
    .on_conflict_do_nothing()
    .returning(messages.c.id, messages.c.account_id)
    .cte("written")
)
_add_messages = insert(mails).from_select(["message_id", "account_id"], select(_written.c.id, _written.c.account_id))


async def lock_erased(tx: AsyncConnection, account_ids: Collection[UUID | None]) -> set[UUID | None]:
    """Which of these accounts were erased; None always is. The others cannot be until `tx` ends."""
    ids = sorted(each for each in account_ids if each)
    await tx.execute(_add_contacts, {"batch_account_id": ids})  # a row to lock, also of an account not heard of yet
    rows = await tx.execute(_lock_contacts, {"ids": ids})
    return {None, *(row.account_id for row in rows if row.erased_at)}


async def erase(tx: AsyncConnection, account_ids: Sequence[UUID]) -> None:
    """Forget these accounts, for good. Their tickets stay, without a holder: the seats are taken."""
    await tx.execute(_erase_contacts, {"batch_account_id": list(account_ids)})
    forgotten = (await tx.execute(_erase_messages, {"ids": list(account_ids)})).scalars().all()
    await tx.execute(_erase_mails, {"ids": forgotten})
    await tx.execute(_erase_holders, {"ids": list(account_ids)})


async def add_tickets(tx: AsyncConnection, new: Sequence[Ticket]) -> set[UUID]:
    """Write tickets for the seats of orders that have none yet, and answer the ids of those written."""
    return set((await tx.execute(_add_tickets, _new_tickets.of(new))).scalars())


async def closed_among(tx: AsyncConnection, order_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these orders were closed."""
    return set((await tx.execute(_closed_among, {"ids": order_ids})).scalars())


async def close_orders(tx: AsyncConnection, order_ids: Sequence[UUID], announcements: Sequence[UUID]) -> None:
    """Void the tickets of these orders, now and later. Mails of the messages `announcements` do not go out any more."""
    await tx.execute(_close, {"batch_order_id": sorted(order_ids)})
    await tx.execute(_void_tickets, {"ids": order_ids})
    await tx.execute(_drop_mails, {"ids": announcements})


async def add_messages(tx: AsyncConnection, new: Sequence[Message]) -> None:
    """Write messages, each with its mail; one that is there already stays as it is."""
    if new:
        await tx.execute(_add_messages, _news.of(new))


_ticket_page = select(tickets).order_by(tickets.c.id.desc())
_message_page = select(messages).order_by(messages.c.created_at.desc(), messages.c.id.desc())


async def tickets_of(
    connection: AsyncConnection, account_id: UUID, *, after: tuple[UUID, ...] | None, limit: int
) -> Sequence[Row[Any]]:
    """The tickets of an account, newest first, that come after the one with this id."""
    page = _ticket_page.where(tickets.c.account_id == account_id).limit(limit)
    if after:
        page = page.where(tickets.c.id < after[0])
    return (await connection.execute(page)).all()


async def ticket_of(connection: AsyncConnection, account_id: UUID, ticket_id: UUID) -> Row[Any] | None:
    """A ticket, if this account holds it."""
    query = select(tickets).where(tickets.c.id == ticket_id, tickets.c.account_id == account_id)
    return (await connection.execute(query)).one_or_none()


async def messages_of(
    connection: AsyncConnection, account_id: UUID, *, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Row[Any]]:
    """The messages to an account, newest first, that come after the one of this time and id."""
    page = _message_page.where(messages.c.account_id == account_id).limit(limit)
    if after:
        page = page.where(tuple_(messages.c.created_at, messages.c.id) < after)
    return (await connection.execute(page)).all()

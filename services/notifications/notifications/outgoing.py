"""Queries on the mails that wait to go out."""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Float, Integer, Interval, Uuid, any_, bindparam, case, column, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Batch
from notifications.domain import Kind, MailState, TicketState
from notifications.tables import mails, messages, tickets


@dataclass(frozen=True, slots=True)
class SeatCode:
    """What the door wants to see for one seat."""

    seat: str
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that is to be sent now. `attempts` counts this one."""

    message_id: UUID
    attempts: int
    account_id: UUID
    subject: str
    body: str
    created_at: datetime
    kind: Kind
    link_id: UUID | None = None
    tickets: tuple[SeatCode, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mail. One that still waits is due again in `pause` seconds."""

    message_id: UUID
    state: MailState
    attempts: int
    error: str | None = None
    pause: float = 0.0


_due = (
    select(mails.c.message_id)
    .where(mails.c.state == MailState.WAITING, mails.c.due_at <= func.now())
    .order_by(mails.c.due_at)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)
_taken = (
    update(mails)
    .where(mails.c.message_id == any_(func.array(_due.scalar_subquery())))
    .values(attempts=mails.c.attempts + 1, due_at=func.now() + bindparam("lease", type_=Interval))
    .returning(mails.c.message_id, mails.c.attempts)
    .cte("taken")
)
_take = (
    select(
        _taken.c.message_id,
        _taken.c.attempts,
        messages.c.account_id,
        messages.c.kind,
        messages.c.link_id,
        messages.c.order_id,
        messages.c.subject,
        messages.c.body,
        messages.c.created_at,
    )
    .join(messages, messages.c.id == _taken.c.message_id)
    .order_by(messages.c.created_at)
)
_codes = (
    select(tickets.c.order_id, tickets.c.seat, tickets.c.code)
    .where(tickets.c.order_id == any_(bindparam("ids", type_=ARRAY(Uuid))), tickets.c.state == TicketState.VALID)
    .order_by(tickets.c.id.desc())
)

_sent_lately = (
    select(mails.c.account_id, func.count().label("number"))
    .where(
        mails.c.account_id == any_(bindparam("ids", type_=ARRAY(Uuid))),
        mails.c.sent_at > func.now() - timedelta(days=1),
    )
    .group_by(mails.c.account_id)
)

_outcomes = Batch(
    mails.c.message_id, mails.c.state, mails.c.attempts, mails.c.error, column("pause", Float), name="outcome"
)
_settle = (
    update(mails)
    .where(mails.c.message_id == _outcomes.c.message_id, mails.c.state == MailState.WAITING)
    .values(
        state=_outcomes.c.state,
        attempts=_outcomes.c.attempts,
        error=_outcomes.c.error,
        due_at=func.now() + func.make_interval(0, 0, 0, 0, 0, 0, _outcomes.c.pause),
        sent_at=case((_outcomes.c.state == MailState.SENT, func.now())),
    )
)


async def take(tx: AsyncConnection, *, limit: int, lease_seconds: float) -> list[Mail]:
    """Up to `limit` mails that are due; they are this caller's for `lease_seconds`."""
    taken = (await tx.execute(_take, {"most": limit, "lease": timedelta(seconds=lease_seconds)})).all()
    codes = await _codes_of(tx, [row.order_id for row in taken if row.kind == Kind.CONFIRMED])
    return [
        Mail(
            message_id=row.message_id,
            attempts=row.attempts,
            account_id=row.account_id,
            subject=row.subject,
            body=row.body,
            created_at=row.created_at,
            kind=Kind(row.kind),
            link_id=row.link_id,
            tickets=tuple(codes[row.order_id]) if row.kind == Kind.CONFIRMED else (),
        )
        for row in taken
    ]


async def sent_lately(connection: AsyncConnection, account_ids: Collection[UUID]) -> Counter[UUID]:
    """How many mails went to each of these accounts in the last day."""
    rows = await connection.execute(_sent_lately, {"ids": list(account_ids)})
    return Counter({row.account_id: row.number for row in rows})


async def settle(tx: AsyncConnection, outcomes: Sequence[Outcome]) -> None:
    """Write down what became of mails."""
    await tx.execute(_settle, _outcomes.of(outcomes))


async def _codes_of(tx: AsyncConnection, order_ids: Sequence[Any]) -> defaultdict[UUID, list[SeatCode]]:
    codes: defaultdict[UUID, list[SeatCode]] = defaultdict(list)
    if order_ids:
        for row in await tx.execute(_codes, {"ids": order_ids}):
            codes[row.order_id].append(SeatCode(row.seat, row.code))
    return codes

"""Queries on charges. They take a batch, and lock it in the order of the ids so that two batches never deadlock."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Float, Integer, Interval, Uuid, any_, bindparam, column, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Batch
from payments.domain import OPEN, Charge, State
from payments.tables import charges

NO_PAUSES: Mapping[UUID, float] = {}

_MEMBERS = (
    charges.c.order_id,
    charges.c.state,
    charges.c.attempts,
    charges.c.amount,
    charges.c.currency,
    charges.c.token,
    charges.c.payment_id,
    charges.c.reason,
    charges.c.traceparent,
)
_CHANGEABLE = (charges.c.state, charges.c.attempts, charges.c.token, charges.c.payment_id, charges.c.reason)

_new = Batch(*_MEMBERS)
_add = insert(charges).from_select(_new.names, _new.table.select()).on_conflict_do_nothing()

_lock = (
    select(*_MEMBERS)
    .where(charges.c.order_id == any_(bindparam("ids", type_=ARRAY(Uuid))))
    .order_by(charges.c.order_id)
    .with_for_update()
)

_changed = Batch(charges.c.order_id, *_CHANGEABLE, column("pause", Float))
_save = (
    update(charges)
    .where(charges.c.order_id == _changed.c.order_id)
    .values(
        {member: _changed.c[member.name] for member in _CHANGEABLE}
        | {charges.c.due_at: func.now() + func.make_interval(0, 0, 0, 0, 0, 0, _changed.c.pause)}
    )
)

_due = (
    select(charges.c.order_id)
    .where(
        charges.c.state.in_(OPEN),
        (charges.c.state == State.REVERSING) | charges.c.token.is_not(None),
        charges.c.due_at <= func.now(),
    )
    .order_by(charges.c.due_at)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)
_claim = (
    update(charges)
    .where(charges.c.order_id == any_(func.array(_due.scalar_subquery())))
    .values(attempts=charges.c.attempts + 1, due_at=func.now() + bindparam("lease", type_=Interval))
    .returning(*_MEMBERS)
)

_without_token = (
    select(charges.c.order_id)
    .where(charges.c.state == State.PENDING, charges.c.token.is_(None), charges.c.due_at <= func.now())
    .order_by(charges.c.due_at)
    .limit(bindparam("most", type_=Integer))
)
_brought = Batch(charges.c.order_id, charges.c.token)
_put_tokens = (
    update(charges)
    .where(charges.c.order_id == _brought.c.order_id, charges.c.state == State.PENDING, charges.c.token.is_(None))
    .values(token=_brought.c.token, due_at=func.now())
)

_put_off = (
    update(charges)
    .where(charges.c.order_id == any_(bindparam("ids", type_=ARRAY(Uuid))), charges.c.token.is_(None))
    .values(due_at=func.now() + bindparam("pause", type_=Interval))
)

_waiting = select(func.count()).where(charges.c.state.in_(OPEN))


async def add(tx: AsyncConnection, new: Sequence[Charge]) -> None:
    """Insert charges; an order that has one already keeps it."""
    await tx.execute(_add, _new.of(sorted(new, key=attrgetter("order_id"))))


async def lock(tx: AsyncConnection, order_ids: Sequence[UUID]) -> list[Charge]:
    """The charges of these orders, which nobody else can change until `tx` ends."""
    return [_charge(row) for row in await tx.execute(_lock, {"ids": order_ids})]


async def save(tx: AsyncConnection, changed: Sequence[Charge], pauses: Mapping[UUID, float] = NO_PAUSES) -> None:
    """Write charges that `tx` has locked. The provider is asked (again) in `pauses` seconds, by default at once."""
    pause = [pauses.get(charge.order_id, 0.0) for charge in changed]
    await tx.execute(_save, _changed.of(changed, pause=pause))


async def claim(tx: AsyncConnection, *, limit: int, lease_seconds: float) -> list[Charge]:
    """Take up to `limit` charges that the provider is to be asked about; they are this caller's for `lease_seconds`."""
    rows = await tx.execute(_claim, {"most": limit, "lease": timedelta(seconds=lease_seconds)})
    return [_charge(row) for row in rows]


async def without_token(connection: AsyncConnection, *, limit: int) -> list[UUID]:
    """Up to `limit` orders that are to be charged and that it is not known by what, longest waiting first."""
    return list((await connection.execute(_without_token, {"most": limit})).scalars())


async def put_off(tx: AsyncConnection, order_ids: Sequence[UUID], *, seconds: float) -> None:
    """Ask about these again in so many seconds."""
    await tx.execute(_put_off, {"ids": order_ids, "pause": timedelta(seconds=seconds)})


async def put_tokens(tx: AsyncConnection, tokens: Mapping[UUID, str]) -> None:
    """Write by what orders are paid; a charge that has a token, or needs none any more, is left alone."""
    ids = sorted(tokens)
    await tx.execute(_put_tokens, {"batch_order_id": ids, "batch_token": [tokens[each] for each in ids]})


async def waiting(connection: AsyncConnection) -> int:
    """How many charges the provider is yet to answer, whoever has taken them."""
    return (await connection.execute(_waiting)).scalar_one()


def _charge(row: Any) -> Charge:
    order_id, state, *others = row
    return Charge(order_id, State(state), *others)

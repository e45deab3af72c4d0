"""Queries of orders: streams of the event log, and the projection."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Text, Uuid, any_, bindparam, case, cast, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Batch, event_log, locks
from chassis.messaging import Event
from orders.domain import OVER, Order, fold
from orders.events import BY_TYPE, OrderPlaced
from orders.tables import cancelled_performances, orders, payment_tokens

TOPIC = OrderPlaced.topic
OrderRow = Row[*tuple[Any, ...]]

_keys = bindparam("keys", type_=postgresql.ARRAY(postgresql.TEXT))
_streams = (
    select(event_log.c.key, event_log.c.type, event_log.c.data)
    .where(event_log.c.topic == TOPIC, event_log.c.key == any_(_keys))
    .order_by(event_log.c.key, event_log.c.version)
)
_lock = (
    select(orders.c.id)
    .where(orders.c.id == any_(bindparam("ids", type_=postgresql.ARRAY(postgresql.UUID))))
    .order_by(orders.c.id)
    .with_for_update(key_share=True)
)
_CANCELLED = Batch(cancelled_performances.c.performance_id)
_cancel_performances = (
    postgresql.insert(cancelled_performances)
    .from_select(_CANCELLED.names, _CANCELLED.table.select())
    .on_conflict_do_nothing()
)
_CHANGED = Batch(orders.c.id, orders.c.status, orders.c.version)
_save = (
    update(orders)
    .where(orders.c.id == _CHANGED.c.id, orders.c.version < _CHANGED.c.version)
    .values(status=_CHANGED.c.status, version=_CHANGED.c.version)
)
_view = (
    orders.c.id,
    orders.c.status,
    orders.c.performance_id,
    orders.c.seats,
    orders.c.amount,
    orders.c.currency,
    orders.c.created_at,
)


_ids = bindparam("ids", type_=postgresql.ARRAY(Uuid))
_forget_tokens = delete(payment_tokens).where(payment_tokens.c.order_id == any_(_ids))
_forget_unneeded_tokens = delete(payment_tokens).where(
    payment_tokens.c.order_id == orders.c.id, orders.c.status != "placed"
)
_placed_event = (event_log.c.topic == TOPIC) & (event_log.c.key == cast(orders.c.id, Text)) & (event_log.c.version == 1)
_IN_LOG = "payment_token"
"""Where instances of the release before leave it."""
_token = case(
    (orders.c.status == "placed", func.coalesce(payment_tokens.c.token, event_log.c.data[_IN_LOG].as_string()))
)
_forget_keys = (
    update(orders).where(orders.c.idempotency_key.is_not(None)).values(idempotency_key=None, fingerprint=None)
)
_tokens = (
    select(orders.c.id.label("order_id"), _token.label("token"))
    .outerjoin(payment_tokens, payment_tokens.c.order_id == orders.c.id)
    .outerjoin(event_log, _placed_event)
    .where(orders.c.id == any_(_ids))
)


async def load(tx: AsyncConnection, order_ids: Collection[UUID]) -> dict[UUID, Order]:
    """The orders called `order_ids`, folded from their logs; those that do not exist are left out.

    No other transaction changes them until `tx` ends.
    """
    await tx.execute(_lock, {"ids": list(order_ids)})
    streams: dict[str, list[Event]] = {}
    for row in await tx.execute(_streams, {"keys": [str(order_id) for order_id in order_ids]}):
        streams.setdefault(row.key, []).append(BY_TYPE[row.type].model_validate(row.data))
    return {UUID(key): fold(events) for key, events in streams.items()}


async def history(tx: AsyncConnection, order_id: UUID) -> Sequence[OrderRow]:
    """Type, time and data of the events of one order, oldest first."""
    query = select(event_log.c.type, event_log.c.time, event_log.c.data).where(
        event_log.c.topic == TOPIC, event_log.c.key == str(order_id)
    )
    return (await tx.execute(query.order_by(event_log.c.version))).all()


async def insert_placed(tx: AsyncConnection, values: dict[str, Any]) -> bool:
    """Add a placed order; False when its idempotency key or its hold has been used before."""
    statement = postgresql.insert(orders).on_conflict_do_nothing().returning(orders.c.id)
    return await tx.scalar(statement, values) is not None


async def keep_token(tx: AsyncConnection, order_id: UUID, token: str) -> None:
    """Keep by what an order is paid."""
    await tx.execute(insert(payment_tokens), {"order_id": order_id, "token": token})


async def tokens(connection: AsyncConnection, order_ids: Sequence[UUID]) -> Sequence[OrderRow]:
    """Id and token of each of these orders; without a token where there is none any more, or nothing is to be paid."""
    return (await connection.execute(_tokens, {"ids": order_ids})).all()


async def forget_tokens(tx: AsyncConnection, order_ids: Sequence[UUID]) -> None:
    await tx.execute(_forget_tokens, {"ids": order_ids})


async def forget_unneeded_tokens(tx: AsyncConnection) -> int:
    """Forget the tokens of orders that wait for no payment; answers how many there were."""
    return (await tx.execute(_forget_unneeded_tokens)).rowcount


async def save(tx: AsyncConnection, changed: Sequence[Order]) -> None:
    """Bring the projection of `changed` orders up to date, in one statement."""
    await tx.execute(_save, _CHANGED.of(changed, id=[order.placed.order_id for order in changed]))


async def find(tx: AsyncConnection, *, account_id: UUID, order_id: UUID) -> OrderRow | None:
    """The order, when it is this account's."""
    query = select(*_view).where(orders.c.id == order_id, orders.c.account_id == account_id)
    return (await tx.execute(query)).one_or_none()


async def find_by_key(tx: AsyncConnection, *, account_id: UUID, idempotency_keys: Sequence[str]) -> OrderRow | None:
    """The order that this account placed under one of these spellings of a key."""
    query = select(*_view, orders.c.fingerprint).where(
        orders.c.account_id == account_id, orders.c.idempotency_key.in_(idempotency_keys)
    )
    return (await tx.execute(query)).one_or_none()


async def forget_keys_of(tx: AsyncConnection, account_ids: Sequence[UUID]) -> None:
    """Forget under which keys these accounts ordered."""
    await tx.execute(_forget_keys.where(orders.c.account_id.in_(account_ids)))


async def forget_old_keys(tx: AsyncConnection, age: timedelta) -> int:
    """Forget the keys of orders that are older than `age`; answers how many there were."""
    result = await tx.execute(_forget_keys.where(orders.c.created_at < func.now() - age))
    return result.rowcount


async def page(tx: AsyncConnection, *, account_id: UUID, before: UUID | None, limit: int) -> Sequence[OrderRow]:
    """This account's orders, newest first."""
    query = select(*_view).where(orders.c.account_id == account_id)
    if before is not None:
        query = query.where(orders.c.id < before)
    return (await tx.execute(query.order_by(orders.c.id.desc()).limit(limit))).all()


async def is_cancelled(tx: AsyncConnection, performance_id: UUID) -> bool:
    """Whether the performance will not take place. If not, it is not cancelled here before `tx` ends."""
    await locks.share(tx, [performance_id])
    query = select(cancelled_performances).where(cancelled_performances.c.performance_id == performance_id)
    return (await tx.execute(query)).first() is not None


async def cancel_performances(tx: AsyncConnection, performance_ids: Sequence[UUID]) -> None:
    """Remember performances that will not take place; waits for the orders of these that are just being placed."""
    await locks.own(tx, performance_ids)
    await tx.execute(_cancel_performances, {"batch_performance_id": sorted(performance_ids)})


async def ids_of_performances(tx: AsyncConnection, performance_ids: Sequence[UUID]) -> list[UUID]:
    """The orders of these performances that can still be taken back."""
    ended = [str(status) for status in OVER if status != "confirmed"]
    query = select(orders.c.id).where(orders.c.performance_id.in_(performance_ids), orders.c.status.not_in(ended))
    return list((await tx.execute(query)).scalars())


async def reset_versions(tx: AsyncConnection) -> list[UUID]:
    """Make every row older than its log, so that `save` writes it anew; answers the ids."""
    return list((await tx.execute(update(orders).values(version=0).returning(orders.c.id))).scalars())

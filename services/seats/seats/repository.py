"""Queries of performances and holds. Claims are written and locked in order of (performance, label): no deadlocks."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import own
from seats.domain import Claims, Ended, Freed, Money
from seats.statements import sql
from seats.tables import performances

_performance = sql("SELECT id, show, starts_at, zones, closed FROM performances WHERE id = :id")

_is_open = sql("SELECT NOT closed AND starts_at > now() FROM performances WHERE id = :id")

_claims = sql("""
    SELECT array_agg(label) FILTER (WHERE order_id IS NULL) AS held,
           array_agg(label) FILTER (WHERE order_id IS NOT NULL) AS sold
    FROM claims
    WHERE performance_id = :id AND (order_id IS NOT NULL OR expires_at > now())
""")

_open_seats = """
    SELECT count(*) FROM holds JOIN claims ON claims.hold_id = holds.id
    WHERE holds.account_id = :account_id AND holds.expires_at > now()
    AND claims.order_id IS NULL AND claims.expires_at > now()
"""
_count_open_seats = sql(_open_seats)

_take = sql(f"""
    WITH hold AS (
        INSERT INTO holds (id, account_id, performance_id, labels, total, currency, expires_at)
        SELECT :id, :account_id, id, :labels, :total, :currency, now() + make_interval(secs => :seconds)
        FROM performances WHERE id = :performance_id AND NOT closed AND starts_at > now()
        AND ({_open_seats}) + cardinality(:labels) <= :limit
        FOR KEY SHARE
        RETURNING id, performance_id, labels, expires_at
    )
    INSERT INTO claims (performance_id, label, hold_id, expires_at)
    SELECT performance_id, label, id, expires_at FROM hold, unnest(labels) AS label ORDER BY label
    ON CONFLICT (performance_id, label) DO UPDATE
    SET hold_id = excluded.hold_id, expires_at = excluded.expires_at
    WHERE claims.order_id IS NULL AND claims.expires_at <= now()
    RETURNING label, expires_at
""")  # noqa: S608 - two of our own statements

_lock_closing = sql("SELECT id FROM performances WHERE id = ANY(:ids) ORDER BY id FOR UPDATE")

_end_holds_of = sql("UPDATE holds SET expires_at = now() WHERE performance_id = ANY(:ids) AND expires_at > now()")

_end_claims_of = sql("""
    WITH open AS (
        SELECT performance_id, label FROM claims
        WHERE performance_id = ANY(:ids) AND order_id IS NULL AND expires_at > now()
        ORDER BY performance_id, label FOR UPDATE
    )
    UPDATE claims SET expires_at = now() FROM open
    WHERE claims.performance_id = open.performance_id AND claims.label = open.label
""")

_hold = sql("""
    SELECT id, performance_id, labels, total, currency, expires_at
    FROM holds WHERE id = :id AND account_id = :account_id AND expires_at > now()
""")

_holds = sql("""
    SELECT id, performance_id, labels, total, currency, expires_at
    FROM holds WHERE account_id = :account_id AND expires_at > now() AND id > :id
    AND EXISTS (
        SELECT FROM claims WHERE hold_id = holds.id AND order_id IS NULL AND claims.expires_at > now()
    )
    ORDER BY id LIMIT :limit
""")

_hold_for_order = sql("""
    SELECT holds.id, account_id, performance_id, labels, total, currency, expires_at, show, starts_at
    FROM holds JOIN performances ON performances.id = performance_id
    WHERE holds.id = :id AND expires_at > now() AND NOT closed
""")

_end_hold = sql("DELETE FROM holds WHERE id = :id AND account_id = :account_id AND expires_at > now() RETURNING id")

_release = sql("""
    WITH freed AS (
        SELECT performance_id, label
        FROM claims JOIN unnest(:hold_ids, :order_ids) AS ended (hold_id, order_id) USING (hold_id)
        WHERE claims.order_id IS NULL OR claims.order_id = ended.order_id
        ORDER BY performance_id, label FOR UPDATE OF claims
    )
    DELETE FROM claims USING freed
    WHERE claims.performance_id = freed.performance_id AND claims.label = freed.label
    RETURNING claims.performance_id, claims.label, hold_id, order_id
""")

_sweep = sql("""
    WITH expired AS (
        SELECT performance_id, label FROM claims WHERE order_id IS NULL AND expires_at <= now()
        ORDER BY expires_at LIMIT :limit FOR UPDATE SKIP LOCKED
    )
    DELETE FROM claims USING expired
    WHERE claims.performance_id = expired.performance_id AND claims.label = expired.label
    RETURNING claims.performance_id, claims.label, hold_id, order_id
""")

_forget_holds = sql("DELETE FROM holds WHERE expires_at < now() - make_interval(secs => :seconds)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Seats that an account keeps for a while."""

    id: UUID
    account_id: UUID
    performance_id: UUID
    labels: list[str]
    total: Money


async def performance(connection: AsyncConnection, performance_id: UUID) -> RowMapping | None:
    return (await connection.execute(_performance, {"id": performance_id})).mappings().first()


async def is_open(connection: AsyncConnection, performance_id: UUID) -> bool:
    """Whether tickets are sold now: not cancelled, not begun."""
    return bool(await connection.scalar(_is_open, {"id": performance_id}))


async def add_performances(tx: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put in performances that are not there; one that was cancelled before it was heard of stays closed."""
    await tx.execute(postgresql.insert(performances).on_conflict_do_nothing(), rows)


async def close_performances(tx: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Close performances, given as for `add_performances`: what is not there yet is put in, closed.

    Their holds end; those that are just being taken are waited for.
    """
    ids = {"ids": [row["id"] for row in rows]}
    await tx.execute(_lock_closing, ids)
    closed = postgresql.insert(performances).values(closed=True)
    await tx.execute(closed.on_conflict_do_update(index_elements=["id"], set_={"closed": True}), rows)
    await tx.execute(_end_holds_of, ids)
    await tx.execute(_end_claims_of, ids)


async def claims(connection: AsyncConnection, performance_id: UUID) -> Claims:
    row = (await connection.execute(_claims, {"id": performance_id})).one()
    return Claims(held=row.held or (), sold=row.sold or ())


async def take(tx: AsyncConnection, hold: Hold, *, seconds: float, most: int) -> dict[str, datetime]:
    """Write `hold` and claim its seats: answers the labels it got, each with the hold's end.

    The one statement that decides between buyers. With fewer labels than wanted the caller rolls back. It takes none
    where the account would have more than `most` open seats; the account's holds are decided one after the other.
    """
    await own(tx, [hold.account_id])
    values = {
        "id": hold.id,
        "account_id": hold.account_id,
        "performance_id": hold.performance_id,
        "labels": hold.labels,
        "total": hold.total.amount,
        "currency": hold.total.currency,
        "seconds": seconds,
        "limit": most,
    }
    return {row.label: row.expires_at for row in await tx.execute(_take, values)}


async def open_seats(connection: AsyncConnection, account_id: UUID) -> int:
    """How many seats the account keeps others from: held, also by an order that is not paid yet."""
    return int(await connection.scalar(_count_open_seats, {"account_id": account_id}))


async def holds(connection: AsyncConnection, account_id: UUID, *, after: UUID, limit: int) -> Sequence[RowMapping]:
    """The account's holds that still keep a seat, the oldest first."""
    values = {"account_id": account_id, "id": after, "limit": limit}
    return (await connection.execute(_holds, values)).mappings().all()


async def hold(connection: AsyncConnection, hold_id: UUID, account_id: UUID) -> RowMapping | None:
    values = {"id": hold_id, "account_id": account_id}
    return (await connection.execute(_hold, values)).mappings().first()


async def hold_for_order(connection: AsyncConnection, hold_id: UUID) -> RowMapping | None:
    return (await connection.execute(_hold_for_order, {"id": hold_id})).mappings().first()


async def end_hold(tx: AsyncConnection, hold_id: UUID, account_id: UUID) -> bool:
    """Remove a hold that has not expired; False when the account has no such."""
    return await tx.scalar(_end_hold, {"id": hold_id, "account_id": account_id}) is not None


async def release(tx: AsyncConnection, ended: Collection[Ended]) -> list[Freed]:
    """Free the seats of holds and of the orders that they became; what another order has of them stays."""
    values = {"hold_ids": [each.hold_id for each in ended], "order_ids": [each.order_id for each in ended]}
    return [Freed(*row) for row in await tx.execute(_release, values)]


async def sweep(tx: AsyncConnection, limit: int) -> list[Freed]:
    """Remove up to `limit` expired claims."""
    return [Freed(*row) for row in await tx.execute(_sweep, {"limit": limit})]


async def forget_holds(tx: AsyncConnection, seconds: float) -> None:
    """Remove holds that expired more than `seconds` ago."""
    await tx.execute(_forget_holds, {"seconds": seconds})

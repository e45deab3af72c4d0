"""Queries of sales. Claims are written and locked in order of (performance, label): no deadlocks."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from seats.domain import Sale, SoldCount
from seats.statements import sql

NOBODY = UUID(int=0)
"""Stands where a hold would."""

_decide = sql("""
    INSERT INTO decided_orders (order_id) SELECT id FROM unnest(:ids) AS id ORDER BY id
    ON CONFLICT DO NOTHING RETURNING order_id
""")

_lock = sql("SELECT id, closed FROM performances WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE")

_queue_up = sql("""
    INSERT INTO claims (performance_id, label, hold_id, expires_at)
    SELECT performance_id, label, :id, '-infinity'
    FROM (SELECT DISTINCT * FROM unnest(:performance_ids, :labels)) AS wanted (performance_id, label)
    ORDER BY performance_id, label
    ON CONFLICT (performance_id, label) DO UPDATE SET label = excluded.label
""")

_sell = sql("""
    INSERT INTO claims (performance_id, label, hold_id, expires_at, order_id)
    SELECT performance_id, label, hold_id, now(), order_id
    FROM unnest(:performance_ids, :labels, :hold_ids, :order_ids) AS paid (performance_id, label, hold_id, order_id)
    ORDER BY performance_id, label
    ON CONFLICT (performance_id, label) DO UPDATE SET hold_id = excluded.hold_id, order_id = excluded.order_id
    WHERE claims.order_id IS NULL AND (claims.hold_id = excluded.hold_id OR claims.expires_at <= now())
    RETURNING order_id, label
""")

_give_back = sql("""
    DELETE FROM claims USING unnest(:performance_ids, :labels) AS returned (performance_id, label)
    WHERE claims.performance_id = returned.performance_id AND claims.label = returned.label
""")

_count = sql("""
    UPDATE performances SET sold = sold + change
    FROM unnest(:performance_ids, :changes) AS changed (id, change)
    WHERE performances.id = changed.id
    RETURNING performances.id, sold, capacity, change
""")


async def decide(tx: AsyncConnection, order_ids: Collection[UUID]) -> set[UUID]:
    """Note that these orders are decided; answers those that were not before."""
    return set((await tx.execute(_decide, {"ids": list(order_ids)})).scalars())


async def lock_performances(tx: AsyncConnection, ids: Collection[UUID]) -> set[UUID]:
    """Let no other sale of these performances go on meanwhile; answers those that are not closed."""
    rows = await tx.execute(_lock, {"ids": list(set(ids))})
    return {row.id for row in rows if not row.closed}


async def queue_up(tx: AsyncConnection, places: Sequence[tuple[UUID, str]]) -> None:
    """Lock seats, given as (performance, label), whoever has them; those that nobody has become claims that expired.

    For a transaction that sells by several statements: together these would not lock the seats in order.
    """
    values = {"performance_ids": [each for each, _ in places], "labels": [label for _, label in places]}
    await tx.execute(_queue_up, {"id": NOBODY, **values})


async def sell(tx: AsyncConnection, sales: Sequence[Sale]) -> dict[UUID, set[str]]:
    """Give each order what it can have of its seats: those its hold still holds, and free ones."""
    places = [(sale, label) for sale in sales for label in dict.fromkeys(sale.seats)]
    values = {
        "performance_ids": [sale.performance_id for sale, _ in places],
        "labels": [label for _, label in places],
        "hold_ids": [sale.hold_id for sale, _ in places],
        "order_ids": [sale.order_id for sale, _ in places],
    }
    got: dict[UUID, set[str]] = {}
    for row in await tx.execute(_sell, values):
        got.setdefault(row.order_id, set()).add(row.label)
    return got


async def give_back(tx: AsyncConnection, places: Sequence[tuple[UUID, str]]) -> None:
    """Free seats that this transaction has claimed, as (performance, label)."""
    values = {"performance_ids": [each for each, _ in places], "labels": [label for _, label in places]}
    await tx.execute(_give_back, values)


async def count_sold(tx: AsyncConnection, changes: Mapping[UUID, int]) -> list[SoldCount]:
    """Add to the number of sold seats of performances that are locked."""
    values = {"performance_ids": list(changes), "changes": list(changes.values())}
    rows = await tx.execute(_count, values)
    return [SoldCount(row.id, row.sold, row.capacity, row.change) for row in rows]

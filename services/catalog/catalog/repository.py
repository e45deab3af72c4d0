"""Catalog's queries. Reads take a connection of `database.reading()`, writes one of `database.transaction()`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Table, and_, func, select, true, tuple_, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog.tables import performances, shows, venues

UNSCHEDULED = datetime(9999, 1, 1, tzinfo=UTC)
"""Where a show without a performance to come stands in the programme: at its end."""

listed = (
    select(
        performances.c.id,
        performances.c.show_id,
        shows.c.title.label("show"),
        performances.c.venue_id,
        venues.c.name.label("venue"),
        venues.c.city,
        venues.c.country,
        venues.c.timezone,
        performances.c.starts_at,
        performances.c.prices,
        performances.c.sold_out,
        performances.c.cancelled_at.is_not(None).label("cancelled"),
    )
    .join(shows, shows.c.id == performances.c.show_id)
    .join(venues, venues.c.id == performances.c.venue_id)
)
"""A performance with what a listing says of its show and venue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What the programme is asked for; `terms` is a tsquery, `after` the sort key of the last show seen."""

    terms: str | None
    city: str | None
    starts_from: datetime | None
    starts_to: datetime | None
    after: tuple[datetime, UUID] | None
    limit: int

    @property
    def by_performance(self) -> bool:
        """Whether a show is only found by a performance of it."""
        return bool(self.city or self.starts_from or self.starts_to)


async def programme(connection: AsyncConnection, search: Search) -> Sequence[RowMapping]:
    """The shows that `search` finds, each with `sort_at` and `next_performance` (an id or None), soonest first."""
    wanted = and_(
        performances.c.show_id == shows.c.id,
        performances.c.cancelled_at.is_(None),
        performances.c.starts_at >= (search.starts_from or func.now()),
    )
    if search.starts_to:
        wanted &= performances.c.starts_at < search.starts_to
    if search.city:
        wanted &= func.lower(venues.c.city) == search.city.lower()
    upcoming = (
        select(performances.c.id, performances.c.starts_at)
        .join(venues, venues.c.id == performances.c.venue_id)
        .where(wanted)
        .order_by(performances.c.starts_at, performances.c.id)
        .limit(1)
        .lateral("upcoming")
    )
    sort_at = func.coalesce(upcoming.c.starts_at, UNSCHEDULED)
    query = (
        select(
            shows.c.id,
            shows.c.title,
            shows.c.description,
            shows.c.genre,
            sort_at.label("sort_at"),
            upcoming.c.id.label("next_performance"),
        )
        .join(upcoming, true(), isouter=not search.by_performance)
        .order_by(sort_at, shows.c.id)
        .limit(search.limit)
    )
    if search.terms is not None:
        query = query.where(shows.c.words.op("@@")(func.to_tsquery("simple", search.terms)))
    if search.after:
        query = query.where(tuple_(sort_at, shows.c.id) > tuple_(*search.after))
    return (await connection.execute(query)).mappings().all()


async def show(connection: AsyncConnection, show_id: UUID) -> RowMapping | None:
    query = select(shows.c.id, shows.c.title, shows.c.description, shows.c.genre).where(shows.c.id == show_id)
    return (await connection.execute(query)).mappings().first()


async def upcoming_performances(connection: AsyncConnection, show_id: UUID) -> Sequence[RowMapping]:
    upcoming = listed.where(performances.c.show_id == show_id, performances.c.starts_at > func.now())
    query = upcoming.order_by(performances.c.starts_at, performances.c.id)
    return (await connection.execute(query)).mappings().all()


async def performances_by_id(connection: AsyncConnection, ids: Collection[UUID]) -> dict[UUID, RowMapping]:
    if not ids:
        return {}
    rows = await connection.execute(listed.where(performances.c.id.in_(ids)))
    return {row["id"]: row for row in rows.mappings()}


async def performance(connection: AsyncConnection, performance_id: UUID) -> RowMapping | None:
    return (await performances_by_id(connection, [performance_id])).get(performance_id)


async def venue(connection: AsyncConnection, venue_id: UUID) -> RowMapping | None:
    return (await connection.execute(select(venues).where(venues.c.id == venue_id))).mappings().first()


async def venues_of(
    connection: AsyncConnection, owner_id: UUID, *, after: UUID | None, limit: int
) -> Sequence[RowMapping]:
    """The venues of an organiser in order of id."""
    query = select(venues).where(venues.c.owner_id == owner_id).order_by(venues.c.id).limit(limit)
    if after:
        query = query.where(venues.c.id > after)
    return (await connection.execute(query)).mappings().all()


async def owns_show(connection: AsyncConnection, owner_id: UUID, show_id: UUID) -> bool:
    """Whether there is such a show, and it is theirs."""
    theirs = select(shows.c.id).where(shows.c.id == show_id, shows.c.owner_id == owner_id)
    return await connection.scalar(theirs) is not None


async def add(tx: AsyncConnection, table: Table, rows: Sequence[dict[str, Any]]) -> set[UUID]:
    """Insert `rows` of one shape into `table`; returns the ids of those that were not there before."""
    statement = postgresql.insert(table).values(list(rows)).on_conflict_do_nothing().returning(table.c.id)
    return set((await tx.execute(statement)).scalars())


async def cancel(tx: AsyncConnection, performance_id: UUID) -> bool:
    """Mark a performance as cancelled; False when it was already."""
    statement = (
        update(performances)
        .where(performances.c.id == performance_id, performances.c.cancelled_at.is_(None))
        .values(cancelled_at=func.now())
    )
    return (await tx.execute(statement)).rowcount == 1


async def set_sold_out(tx: AsyncConnection, ids: Collection[UUID], sold_out: bool) -> None:
    await tx.execute(update(performances).where(performances.c.id.in_(ids)).values(sold_out=sold_out))

"""Catalog's use cases: each one transaction, its events in the same one."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from catalog import domain, repository
from catalog.domain import PricedZone, RuleBroken, Zone
from catalog.events import PerformanceCancelled, PerformanceScheduled
from catalog.pages import Pages
from catalog.schemas import NewPerformance, NewShow, NewVenue, PerformanceView, ShowView, VenueView
from catalog.settings import Runtime
from catalog.tables import performances, shows, venues
from chassis.database import after_commit
from chassis.errors import Invalid, NotFound
from chassis.http import Page, PageRequest
from chassis.ids import uuid7
from chassis.messaging import Received, now, outbox
from chassis.observability import Outcome, SecurityEvent, record
from chassis.service import retries_lost_races


@retries_lost_races
async def create_venue(runtime: Runtime, owner_id: UUID, new: NewVenue) -> VenueView:
    venue = {"id": uuid7(), "owner_id": owner_id, **new.model_dump(mode="json")}
    async with runtime.database.transaction() as tx:
        await repository.add(tx, venues, [venue])
    return VenueView.model_validate(venue)


async def list_venues(runtime: Runtime, owner_id: UUID, page: PageRequest) -> Page[VenueView]:
    """An organiser's own venues."""
    [after] = page.after(tuple[UUID]) or [None]
    async with runtime.database.reading() as connection:
        rows = await repository.venues_of(connection, owner_id, after=after, limit=page.rows)
    return page.page(rows, key=lambda row: (row["id"],), render=VenueView.model_validate)


@retries_lost_races
async def create_show(runtime: Runtime, owner_id: UUID, new: NewShow) -> ShowView:
    show = {"id": uuid7(), "owner_id": owner_id, **new.model_dump()}
    async with runtime.database.transaction() as tx:
        await repository.add(tx, shows, [show])
        after_commit(tx, runtime.part(Pages).clear)
    return ShowView.model_validate({**show, "performances": []})


@retries_lost_races
async def schedule_performance(runtime: Runtime, owner_id: UUID, show_id: UUID, new: NewPerformance) -> PerformanceView:
    """Put a performance of one's own show in one's own venue on sale.

    Raises NotFound where they are others', Invalid where a rule of the domain is broken.
    """
    async with runtime.database.transaction() as tx:
        if not await repository.owns_show(tx, owner_id, show_id):
            raise NotFound("You have no such show.")
        if (venue := await repository.venue(tx, new.venue_id)) is None:
            raise Invalid("There is no such venue.")
        if venue["owner_id"] != owner_id:
            raise NotFound("You have no such venue.")
        zones = _price(venue, new)
        performance_id = uuid7()
        performance = {
            "id": performance_id,
            "show_id": show_id,
            "venue_id": new.venue_id,
            "starts_at": new.starts_at,
            "prices": {zone.name: zone.price.model_dump() for zone in zones},
        }
        await repository.add(tx, performances, [performance])
        view = await _viewed(tx, performance_id)
        await outbox.append(tx, scheduled(view, zones))
        after_commit(tx, runtime.part(Pages).clear)
    return view


@retries_lost_races
async def cancel_performance(runtime: Runtime, owner_id: UUID, performance_id: UUID) -> PerformanceView:
    """Cancel a performance of one's own show for good; a second time changes nothing. Raises NotFound."""
    async with runtime.database.transaction() as tx:
        known = await repository.performance(tx, performance_id)
        if known is None or not await repository.owns_show(tx, owner_id, known["show_id"]):
            raise NotFound("You have no such performance.")
        if await repository.cancel(tx, performance_id):
            await outbox.append(tx, PerformanceCancelled(performance_id=performance_id))
            after_commit(tx, runtime.part(Pages).clear)
            after_commit(tx, lambda: record(SecurityEvent.CANCELLATION, Outcome.DONE, subject=performance_id))
        return await _viewed(tx, performance_id)


class SaleHandlers:
    """What catalog learns from the sale of seats."""

    def __init__(self, runtime: Runtime) -> None:
        self._pages = runtime.part(Pages)

    async def on_sold_out(self, tx: AsyncConnection, events: Sequence[Received[Any]]) -> None:
        await self._mark(tx, events, sold_out=True)

    async def on_back_on_sale(self, tx: AsyncConnection, events: Sequence[Received[Any]]) -> None:
        await self._mark(tx, events, sold_out=False)

    async def _mark(self, tx: AsyncConnection, events: Sequence[Received[Any]], *, sold_out: bool) -> None:
        await repository.set_sold_out(tx, [event.data.performance_id for event in events], sold_out)
        after_commit(tx, self._pages.clear, once="pages")


def scheduled(view: PerformanceView, zones: list[PricedZone]) -> PerformanceScheduled:
    """The event that puts `view` on sale."""
    return PerformanceScheduled(performance_id=view.id, zones=zones, **view.model_dump(exclude={"id", "zones"}))


async def _viewed(tx: AsyncConnection, performance_id: UUID) -> PerformanceView:
    if (row := await repository.performance(tx, performance_id)) is None:
        raise NotFound("There is no such performance.")
    return PerformanceView.model_validate(row)


def _price(venue: RowMapping, new: NewPerformance) -> list[PricedZone]:
    try:
        domain.check_start(new.starts_at, now())
        return domain.price_zones([Zone.model_validate(zone) for zone in venue["zones"]], new.prices)
    except RuleBroken as error:
        raise Invalid(str(error)) from error

"""Catalog's routes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from catalog import domain, handlers
from catalog.domain import RuleBroken
from catalog.pages import ORGANISER, Pages
from catalog.repository import Search
from catalog.schemas import (
    ListedShow,
    NewPerformance,
    NewShow,
    NewVenue,
    PerformanceView,
    ShowView,
    VenueView,
)
from catalog.settings import RuntimeDep
from chassis.errors import Invalid, NotFound
from chassis.http import (
    CONDITIONAL,
    Id,
    OptionalPrincipal,
    Page,
    PageRequestDep,
    Principal,
    Text,
    located,
    optional_principal,
    raises,
    requires_role,
)
from chassis.service import runtime_for

router = APIRouter(tags=["catalog"])
_is_organiser = requires_role(ORGANISER)
organisers = APIRouter(tags=["catalog"], dependencies=[Depends(_is_organiser)])

Organiser = Annotated[Principal, Depends(_is_organiser)]

Words = Annotated[Text | None, Query(max_length=100)]


# The two pages that everybody looks at. Their dependencies are called, not declared: to have FastAPI resolve them costs
# as much as the rest of the request. They come first because routes are tried in order.
@router.get("/api/shows/{show_id}", response_model=ShowView, responses=CONDITIONAL)
@raises(NotFound)
async def get_show(request: Request, show_id: Id) -> Response:
    """One show with its performances to come."""
    return await runtime_for(request).part(Pages).show(request, await optional_principal(request), show_id)


@router.get("/api/performances/{performance_id}", response_model=PerformanceView, responses=CONDITIONAL)
@raises(NotFound)
async def get_performance(request: Request, performance_id: Id) -> Response:
    """One performance."""
    return (
        await runtime_for(request).part(Pages).performance(request, await optional_principal(request), performance_id)
    )


@router.get("/api/shows", response_model=Page[ListedShow], responses=CONDITIONAL)
async def list_shows(
    *,
    request: Request,
    reader: OptionalPrincipal,
    page: PageRequestDep,
    q: Words = None,
    city: Words = None,
    starts_from: Annotated[Text | None, Query(alias="from", max_length=40)] = None,
    starts_to: Annotated[Text | None, Query(alias="to", max_length=40)] = None,
) -> Response:
    """The programme: shows by the date of their next performance.

    `q` finds words in title, genre and description; `city`, `from` and `to` (a date, or a time; `to` includes its
    date) find shows by a performance.
    """
    search = Search(
        terms=domain.search_terms(q) if q and q.strip() else None,
        city=city.strip() if city and city.strip() else None,
        starts_from=_moment(starts_from),
        starts_to=_moment(starts_to, ends=True),
        after=page.after(tuple[datetime, UUID]),
        limit=page.rows,
    )
    return await runtime_for(request).part(Pages).programme(request, reader, search)


@organisers.get("/api/venues")
async def list_venues(at: RuntimeDep, me: Organiser, page: PageRequestDep) -> Page[VenueView]:
    """One's own venues, with their seating plans."""
    return await handlers.list_venues(at, me.account_id, page)


@organisers.post("/api/venues", status_code=201)
async def create_venue(at: RuntimeDep, me: Organiser, new: NewVenue) -> VenueView:
    """Add a venue with its seating plan."""
    return await handlers.create_venue(at, me.account_id, new)


@organisers.post("/api/shows", status_code=201, responses=located(201))
async def create_show(at: RuntimeDep, me: Organiser, new: NewShow, response: Response) -> ShowView:
    """Add a show."""
    show = await handlers.create_show(at, me.account_id, new)
    response.headers["location"] = f"/api/shows/{show.id}"
    return show


@organisers.post("/api/shows/{show_id}/performances", status_code=201, responses=located(201))
@raises(NotFound)
async def schedule_performance(
    at: RuntimeDep, me: Organiser, show_id: Id, new: NewPerformance, response: Response
) -> PerformanceView:
    """Put a performance of one's own show on sale in one's own venue, with a price for each zone."""
    performance = await handlers.schedule_performance(at, me.account_id, show_id, new)
    response.headers["location"] = f"/api/performances/{performance.id}"
    return performance


@organisers.post("/api/performances/{performance_id}/cancellation", status_code=202)
@raises(NotFound)
async def cancel_performance(at: RuntimeDep, me: Organiser, performance_id: Id) -> PerformanceView:
    """Cancel a performance of one's own show for good: its orders are refunded. A second time changes nothing."""
    return await handlers.cancel_performance(at, me.account_id, performance_id)


def _moment(text: str | None, *, ends: bool = False) -> datetime | None:
    try:
        return domain.moment(text, ends=ends) if text else None
    except RuleBroken as error:
        raise Invalid(str(error)) from error

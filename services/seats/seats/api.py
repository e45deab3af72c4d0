"""Seats' routes."""

from fastapi import APIRouter, Request, Response

from chassis.errors import NotFound
from chassis.http import (
    CONDITIONAL,
    EVENTS,
    CurrentPrincipal,
    Id,
    OptionalPrincipal,
    Page,
    PageRequestDep,
    conditional,
    etag_of,
    event_stream,
    located,
    raises,
)
from chassis.live import EventStream, NoMoreStreams, TooManyStreams
from seats import handlers, repository
from seats.handlers import PerformanceClosed, SeatsTaken, TooManySeatsHeld
from seats.live import stream
from seats.performances import Performances
from seats.schemas import HoldView, InternalHoldView, NewHold, SeatMapView
from seats.settings import RuntimeDep

router = APIRouter(tags=["seats"])
internal = APIRouter(include_in_schema=False)

CHECK_FIRST = "public, no-cache"
"""Caches may keep a seat map, but ask whether it is still the one."""


@router.get("/api/performances/{performance_id}/seats", response_model=SeatMapView, responses=CONDITIONAL)
@raises(NotFound)
async def get_seats(request: Request, runtime: RuntimeDep, performance_id: Id) -> Response:
    """Every seat with its price and state."""
    performance = await runtime.part(Performances).get(performance_id)
    async with runtime.database.reading() as connection:
        claims = await repository.claims(connection, performance_id)
    etag = etag_of(performance_id.bytes, *(" ".join(labels).encode() for labels in (claims.held, claims.sold)))
    return conditional(request, etag, CHECK_FIRST, lambda: performance.seat_map.render(claims))


@router.get("/api/performances/{performance_id}/seats/stream", response_class=EventStream, responses=EVENTS)
@raises(NotFound, TooManyStreams, NoMoreStreams)
async def stream_seats(
    request: Request, runtime: RuntimeDep, reader: OptionalPrincipal, performance_id: Id
) -> EventStream:
    """Live changes: one event `snapshot` with the states of all seats that are not available, then events `seat`."""
    await runtime.part(Performances).get(performance_id)
    return event_stream(stream(runtime, performance_id), runtime, request, reader)


@router.post("/api/holds", status_code=201, responses=located(201))
@raises(NotFound, SeatsTaken, TooManySeatsHeld, PerformanceClosed)
async def place_hold(runtime: RuntimeDep, principal: CurrentPrincipal, new: NewHold, response: Response) -> HoldView:
    """Keep up to 8 seats for a while: all of them or none. An account holds a bounded number of seats at a time."""
    hold = await handlers.place_hold(runtime, principal.account_id, new)
    response.headers["location"] = f"/api/holds/{hold.id}"
    return hold


@router.get("/api/holds")
async def list_holds(runtime: RuntimeDep, principal: CurrentPrincipal, page: PageRequestDep) -> Page[HoldView]:
    """One's own holds that keep seats, the oldest first."""
    return await handlers.list_holds(runtime, principal.account_id, page)


@router.get("/api/holds/{hold_id}")
@raises(NotFound)
async def get_hold(runtime: RuntimeDep, principal: CurrentPrincipal, hold_id: Id) -> HoldView:
    """A hold of one's own that has not expired."""
    return await handlers.get_hold(runtime, principal.account_id, hold_id)


@router.delete("/api/holds/{hold_id}", status_code=204)
@raises(NotFound)
async def end_hold(runtime: RuntimeDep, principal: CurrentPrincipal, hold_id: Id) -> None:
    """Let the seats go."""
    await handlers.end_hold(runtime, principal.account_id, hold_id)


@internal.get("/internal/holds/{hold_id}")
async def get_hold_for_order(runtime: RuntimeDep, hold_id: Id) -> InternalHoldView:
    """A hold that can become an order, whoever owns it."""
    return await handlers.get_hold_for_order(runtime, hold_id)

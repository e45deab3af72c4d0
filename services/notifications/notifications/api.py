"""Tickets and inbox of the customer who is signed in. What is somebody else's is not there (404)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy import Row

from chassis.errors import NotFound
from chassis.http import CurrentPrincipal, Id, Page, PageRequestDep, Principal, raises
from notifications import qr, repository
from notifications.schemas import NotificationView, TicketView
from notifications.settings import Runtime, RuntimeDep

QR_CACHE = "private, no-store"
"""A copy that a browser keeps would show the ticket to the next person at this machine, after signing out too."""

router = APIRouter()


@router.get("/api/tickets", tags=["tickets"])
async def list_tickets(runtime: RuntimeDep, principal: CurrentPrincipal, request: PageRequestDep) -> Page[TicketView]:
    """My tickets, newest first."""
    after = request.after(tuple[UUID])
    async with runtime.database.reading() as connection:
        rows = await repository.tickets_of(connection, principal.account_id, after=after, limit=request.rows)
    return request.page(rows, key=lambda row: (row.id,), render=TicketView.of)


@router.get("/api/tickets/{ticket_id}", tags=["tickets"])
@raises(NotFound)
async def show_ticket(ticket_id: Id, runtime: RuntimeDep, principal: CurrentPrincipal) -> TicketView:
    """One of my tickets."""
    return TicketView.of(await _ticket(runtime, principal, ticket_id))


@router.get(
    "/api/tickets/{ticket_id}/qr.svg",
    tags=["tickets"],
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}},
)
@raises(NotFound)
async def show_code(ticket_id: Id, runtime: RuntimeDep, principal: CurrentPrincipal) -> Response:
    """The code of one of my tickets, to be shown at the door."""
    ticket = await _ticket(runtime, principal, ticket_id)
    return Response(qr.svg(ticket.code), headers={"cache-control": QR_CACHE}, media_type="image/svg+xml")


@router.get("/api/notifications", tags=["notifications"])
async def list_notifications(
    runtime: RuntimeDep, principal: CurrentPrincipal, request: PageRequestDep
) -> Page[NotificationView]:
    """My inbox, newest first."""
    after = request.after(tuple[datetime, UUID])
    async with runtime.database.reading() as connection:
        rows = await repository.messages_of(connection, principal.account_id, after=after, limit=request.rows)
    return request.page(rows, key=lambda row: (row.created_at, row.id), render=NotificationView.of)


async def _ticket(runtime: Runtime, principal: Principal, ticket_id: UUID) -> Row[Any]:
    async with runtime.database.reading() as connection:
        ticket = await repository.ticket_of(connection, principal.account_id, ticket_id)
    if ticket is None:
        raise NotFound("You have no such ticket.")
    return ticket

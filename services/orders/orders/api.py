"""The HTTP interface of orders."""

from collections.abc import AsyncGenerator
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response

from chassis.errors import NotFound
from chassis.http import EVENTS, CurrentPrincipal, Id, Page, PageRequestDep, event_stream, located, raises
from chassis.live import EventStream, NoMoreStreams, ServerEvent, TooManyStreams
from chassis.messaging import ConcurrencyConflict, now
from chassis.service import Runtime, RuntimeDep
from orders import handlers, repository
from orders.clients import Holds, SeatsHolds
from orders.domain import OVER
from orders.handlers import (
    HoldExpired,
    HoldUsed,
    IdempotencyKeyReused,
    NotCancellable,
    PerformanceCancelled,
    ShowHasBegun,
)
from orders.schemas import History, HistoryItem, IdempotencyKey, OrderIds, OrderView, PaymentTokens, PlaceOrder

router = APIRouter(prefix="/api/orders", tags=["orders"])

internal = APIRouter()


async def holds(runtime: RuntimeDep) -> Holds:
    return runtime.part(SeatsHolds)


HoldsDep = Annotated[Holds, Depends(holds)]


@router.post("", status_code=202, responses=located(202))
@raises(HoldExpired, HoldUsed, IdempotencyKeyReused, PerformanceCancelled, ShowHasBegun, ConcurrencyConflict)
async def place_order(
    body: PlaceOrder,
    idempotency_key: Annotated[IdempotencyKey, Header()],
    principal: CurrentPrincipal,
    runtime: RuntimeDep,
    holds: HoldsDep,
    response: Response,
) -> OrderView:
    """Order the seats of a hold. The answer says that the order will end, not yet how: follow `Location`."""
    order = await handlers.place_order(
        runtime.database, holds, body, account_id=principal.account_id, idempotency_key=idempotency_key, now=now()
    )
    response.headers["location"] = f"/api/orders/{order.id}"
    return order


@router.get("")
async def list_orders(principal: CurrentPrincipal, runtime: RuntimeDep, request: PageRequestDep) -> Page[OrderView]:
    """My orders, newest first."""
    after = request.after(tuple[UUID])
    async with runtime.database.reading() as connection:
        rows = await repository.page(
            connection, account_id=principal.account_id, before=after[0] if after else None, limit=request.rows
        )
    return request.page(rows, key=lambda row: (row.id,), render=OrderView.of)


@router.get("/{order_id}")
@raises(NotFound)
async def get_order(order_id: Id, principal: CurrentPrincipal, runtime: RuntimeDep) -> OrderView:
    """One of my orders."""
    return await _mine(runtime, principal.account_id, order_id)


@router.get("/{order_id}/history")
@raises(NotFound)
async def get_history(order_id: Id, principal: CurrentPrincipal, runtime: RuntimeDep) -> History:
    """What has happened to an order: its events are its state."""
    await _mine(runtime, principal.account_id, order_id)
    async with runtime.database.reading() as connection:
        rows = await repository.history(connection, order_id)
    return History(items=[HistoryItem(type=row.type, at=row.time, data=row.data) for row in rows])


@router.get("/{order_id}/stream", response_class=EventStream, responses=EVENTS)
@raises(NotFound, TooManyStreams, NoMoreStreams)
async def stream_order(request: Request, order_id: Id, principal: CurrentPrincipal, runtime: RuntimeDep) -> EventStream:
    """The order now and after every change, until it is over (server-sent events)."""
    await _mine(runtime, principal.account_id, order_id)
    events = _changes(runtime, principal.account_id, order_id)
    return event_stream(events, runtime, request, principal)


@router.post("/{order_id}/cancellation", status_code=202)
@raises(NotFound, NotCancellable, ConcurrencyConflict)
async def cancel_order(order_id: Id, principal: CurrentPrincipal, runtime: RuntimeDep) -> OrderView:
    """Take an order back until the show begins: the seats are released, the money comes back."""
    return await handlers.cancel_order(
        runtime.database, runtime.broadcast, account_id=principal.account_id, order_id=order_id, now=now()
    )


@internal.post("/internal/payment-tokens")
async def payment_tokens(body: OrderIds, runtime: RuntimeDep) -> PaymentTokens:
    """By what these orders are paid. No token: it was fetched before, or the order is no longer to be paid."""
    return PaymentTokens(items=await handlers.payment_tokens(runtime.database, body.order_ids))


@internal.post("/internal/payment-tokens/received", status_code=204)
async def forget_payment_tokens(body: OrderIds, runtime: RuntimeDep) -> None:
    """Payments has the tokens of these orders for good: they are forgotten here."""
    await handlers.forget_payment_tokens(runtime.database, body.order_ids)


async def _mine(runtime: Runtime, account_id: UUID, order_id: UUID) -> OrderView:
    async with runtime.database.reading() as connection:
        row = await repository.find(connection, account_id=account_id, order_id=order_id)
    if row is None:
        raise NotFound
    return OrderView.of(row)


async def _changes(runtime: Runtime, account_id: UUID, order_id: UUID) -> AsyncGenerator[ServerEvent | None, None]:
    """An event for each status. Announcements may get lost, so each one, and each heartbeat, makes it look afresh."""
    async with runtime.broadcast.subscribe(handlers.channel(order_id)) as updates:
        last = await _mine(runtime, account_id, order_id)
        yield ServerEvent(last.model_dump(mode="json"), event="order")
        while last.status not in OVER:
            await anext(updates)
            order = await _mine(runtime, account_id, order_id)
            yield ServerEvent(order.model_dump(mode="json"), event="order") if order != last else None
            last = order

"""The use cases of orders: each is one transaction, committed before the answer."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database, after_commit
from chassis.errors import NotFound, Problem
from chassis.ids import uuid7
from chassis.live import Broadcast
from chassis.messaging import Event, outbox
from chassis.service import Runtime, retries_lost_races
from orders import domain, repository
from orders.clients import Hold, Holds
from orders.counters import CHANGED, CONFIRMED, PLACED
from orders.domain import Order, Status
from orders.events import OrderPlaced
from orders.idempotency import Request
from orders.schemas import OrderToken, OrderView, PlaceOrder

REBUILD_BATCH = 1000
KEYS_ARE_KNOWN_FOR = timedelta(days=1)

Decision = Callable[[Order], Event | None]


class HoldExpired(Problem):
    status = 409
    slug = "hold-expired"
    title = "The hold has run out"


class HoldUsed(Problem):
    status = 409
    slug = "hold-used"
    title = "There is an order for this hold already"


class IdempotencyKeyReused(Problem):
    status = 422
    slug = "idempotency-key-reused"
    title = "This Idempotency-Key came with another body before"


class PerformanceCancelled(Problem):
    """As seats says it once it has heard."""

    status = 409
    slug = "performance-closed"
    title = "The performance was cancelled"


class ShowHasBegun(Problem):
    """As seats says it of a hold."""

    status = 409
    slug = "performance-closed"
    title = "The show has begun"


class NotCancellable(Problem):
    status = 409
    slug = "not-cancellable"


@retries_lost_races
async def place_order(
    database: Database, holds: Holds, command: PlaceOrder, *, account_id: UUID, idempotency_key: str, now: datetime
) -> OrderView:
    """Take an order. The same key again gives the same order."""
    request = Request.of(command, account_id, idempotency_key)
    hold = await holds.get(command.hold_id)
    refusal: Problem = HoldExpired()
    if hold is not None and hold.account_id == account_id:
        async with database.transaction() as tx:
            taken = await take_order(tx, hold, command.payment_token, request, now=now)
        if isinstance(taken, OrderView):
            return taken
        refusal = taken
    return await _placed_before(database, account_id, request, otherwise=refusal)


async def take_order(
    tx: AsyncConnection, hold: Hold, payment_token: str, request: Request, *, now: datetime
) -> OrderView | PerformanceCancelled | ShowHasBegun | HoldUsed:
    """The order of a hold, its first event and its row in one transaction; or why there is none, and nothing is done.

    The order or the cancellation of its performance waits for the other, so that one of them sees it.
    """
    if await repository.is_cancelled(tx, hold.performance_id):
        return PerformanceCancelled()
    if hold.starts_at <= now:
        return ShowHasBegun()
    placed = _placed(hold)
    row = _row(placed, now) | {"idempotency_key": request.key, "fingerprint": request.fingerprint}
    if not await repository.insert_placed(tx, row):
        return HoldUsed()
    await repository.keep_token(tx, placed.order_id, payment_token)
    await outbox.append(tx, placed, versions=[1])
    after_commit(tx, PLACED.inc)
    return OrderView(**row, total=placed.total)


@retries_lost_races
async def cancel_order(
    database: Database, broadcast: Broadcast, *, account_id: UUID, order_id: UUID, now: datetime
) -> OrderView:
    """Take an order back for its customer; harmless when it is taken back already."""
    async with database.transaction() as tx:
        if await repository.find(tx, account_id=account_id, order_id=order_id) is None:
            raise NotFound
        order = (await repository.load(tx, [order_id]))[order_id]
        if order.status is Status.DECLINED:
            raise NotCancellable("The payment was declined: there is nothing to take back.")
        if order.has_begun(now):
            raise NotCancellable("The show has begun.")
        await _advance(tx, broadcast, [(order, domain.cancel(order, "customer"))])
        return OrderView.of(await repository.find(tx, account_id=account_id, order_id=order_id))


async def payment_tokens(database: Database, order_ids: Sequence[UUID]) -> list[OrderToken]:
    """By what these orders are paid; those that are not known here are left out."""
    async with database.reading() as connection:
        rows = await repository.tokens(connection, order_ids)
    return [OrderToken(order_id=row.order_id, token=row.token) for row in rows]


async def forget_payment_tokens(database: Database, order_ids: Sequence[UUID]) -> None:
    """Payments has these tokens. Were this lost, they would go with the outcome of the payment."""
    async with database.transaction() as tx:
        await repository.forget_tokens(tx, order_ids)


async def forget_accounts(tx: AsyncConnection, account_ids: Sequence[UUID]) -> None:
    """Forget what these accounts chose themselves; the orders stay, by law, and say who it was no longer."""
    await repository.forget_keys_of(tx, account_ids)


async def forget_unneeded(database: Database) -> int:
    """One round of forgetting: an Idempotency-Key is known for a day, a token while there is something to pay.

    A token goes in the transaction that ends the need for it, but an instance of another release may not do that.
    """
    async with database.transaction() as tx:
        keys = await repository.forget_old_keys(tx, KEYS_ARE_KNOWN_FOR)
        return keys + await repository.forget_unneeded_tokens(tx)


async def advance(tx: AsyncConnection, broadcast: Broadcast, decisions: Mapping[UUID, Decision]) -> None:
    """Let each order take its decision. Orders that are not known here are left alone."""
    known = await repository.load(tx, decisions)
    await _advance(tx, broadcast, [(order, decisions[order_id](order)) for order_id, order in known.items()])


async def cancel_performances(tx: AsyncConnection, broadcast: Broadcast, performance_ids: Sequence[UUID]) -> None:
    """Take back all orders of performances that will not take place, and take no more."""
    await repository.cancel_performances(tx, performance_ids)
    for order_ids in _chunks(await repository.ids_of_performances(tx, performance_ids)):
        await advance(tx, broadcast, dict.fromkeys(order_ids, _cancel_with_performance))


async def rebuild_projection(runtime: Runtime) -> int:
    """Write the projection anew from the log; answers how many orders it holds."""
    async with runtime.database.transaction() as tx:
        order_ids = await repository.reset_versions(tx)
        for chunk in _chunks(order_ids):
            await repository.save(tx, list((await repository.load(tx, chunk)).values()))
    return len(order_ids)


async def _advance(tx: AsyncConnection, broadcast: Broadcast, decided: Sequence[tuple[Order, Event | None]]) -> None:
    changes = [(order.after(event), event) for order, event in decided if event is not None]
    if not changes:
        return
    changed = [order for order, _ in changes]
    await outbox.append(tx, *(event for _, event in changes), versions=[order.version for order in changed])
    await repository.save(tx, changed)
    await repository.forget_tokens(tx, [order.placed.order_id for order in changed])
    after_commit(tx, lambda: _count(changed))
    messages = {channel(order.placed.order_id): {"status": order.status} for order in changed}
    after_commit(tx, lambda: broadcast.publish_all(messages))


def _count(changed: Sequence[Order]) -> None:
    for status, number in Counter(order.status for order in changed).items():
        CHANGED.labels(status).inc(number)
        if status is Status.CONFIRMED:
            CONFIRMED.inc(number)


async def _placed_before(database: Database, account_id: UUID, request: Request, *, otherwise: Problem) -> OrderView:
    """The order that was placed under this key; raises `otherwise` when there is none."""
    keys = [request.key, request.legacy_key]
    async with database.reading() as connection:
        row = await repository.find_by_key(connection, account_id=account_id, idempotency_keys=keys)
    if row is None:
        raise otherwise
    if row.fingerprint not in (request.fingerprint, request.legacy_fingerprint):
        raise IdempotencyKeyReused
    return OrderView.of(row)


def channel(order_id: UUID) -> str:
    """Where changes of an order are announced."""
    return f"order:{order_id}"


def _placed(hold: Hold) -> OrderPlaced:
    return OrderPlaced(
        order_id=uuid7(),
        account_id=hold.account_id,
        hold_id=hold.id,
        performance_id=hold.performance_id,
        seats=hold.seats,
        total=hold.total,
        starts_at=hold.starts_at,
        show=hold.show,
    )


def _row(placed: OrderPlaced, now: datetime) -> dict[str, Any]:
    return {
        "id": placed.order_id,
        "account_id": placed.account_id,
        "hold_id": placed.hold_id,
        "performance_id": placed.performance_id,
        "seats": placed.seats,
        "amount": placed.total.amount,
        "currency": placed.total.currency,
        "status": Status.PLACED,
        "version": 1,
        "created_at": now,
    }


def _cancel_with_performance(order: Order) -> Event | None:
    return domain.cancel(order, "performance-cancelled")


def _chunks(ids: Sequence[UUID]) -> list[Sequence[UUID]]:
    return [ids[start : start + REBUILD_BATCH] for start in range(0, len(ids), REBUILD_BATCH)]

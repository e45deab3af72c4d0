"""Use cases of buyers: keep seats for a while, look at a hold, let it go."""

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import RowMapping

from chassis.database import after_commit
from chassis.errors import Invalid, NotFound, Problem
from chassis.http import Page, PageRequest
from chassis.ids import uuid7
from chassis.service import retries_lost_races
from seats import repository
from seats.counters import HOLDS
from seats.domain import Ended, Money, State, UnknownSeats
from seats.live import announce, changes_to
from seats.performances import Performances
from seats.repository import Hold
from seats.schemas import HoldView, InternalHoldView, NewHold
from seats.settings import Runtime

NO_SUCH_HOLD = "There is no such hold, or it has expired."


class SeatsTaken(Problem):
    """Somebody has one of the seats; the member `seats` names those."""

    status = 409
    slug = "seats-taken"
    title = "Somebody was faster"
    member_schemas: ClassVar[dict[str, Any]] = {"seats": {"type": "array", "items": {"type": "string"}}}

    def __init__(self, seats: Sequence[str]) -> None:
        super().__init__(f"Not available: {', '.join(seats)}.", seats=list(seats))


class TooManySeatsHeld(Problem):
    """The account keeps as many seats from others as it may; the members `limit` and `held` say how many."""

    status = 409
    slug = "too-many-seats-held"
    title = "Too many seats are held"

    def __init__(self, *, limit: int, held: int) -> None:
        super().__init__(
            f"You hold {held} seats, and may hold {limit}: buy them or let some go.", limit=limit, held=held
        )


class PerformanceClosed(Problem):
    """The performance was cancelled or has begun."""

    status = 409
    slug = "performance-closed"
    title = "Tickets are not sold any more"


@retries_lost_races
async def place_hold(runtime: Runtime, account_id: UUID, new: NewHold) -> HoldView:
    """Keep all of the seats, or none. Raises NotFound, Invalid, SeatsTaken, TooManySeatsHeld or PerformanceClosed."""
    performance = await runtime.part(Performances).get(new.performance_id)
    try:
        labels = performance.layout.in_order(new.seats)
    except UnknownSeats as error:
        raise Invalid(str(error), seats=error.labels) from error
    hold = Hold(
        id=uuid7(),
        account_id=account_id,
        performance_id=performance.id,
        labels=labels,
        total=performance.layout.total(labels),
    )
    try:
        return await _take(runtime, hold)
    except SeatsTaken as taken:
        await _refuse_when_closed(runtime, hold.performance_id, taken)
        raise


async def list_holds(runtime: Runtime, account_id: UUID, page: PageRequest) -> Page[HoldView]:
    """The account's open holds, the oldest first."""
    [after] = page.after(tuple[UUID]) or [UUID(int=0)]
    async with runtime.database.reading() as connection:
        rows = await repository.holds(connection, account_id, after=after, limit=page.rows)
    return page.page(rows, key=lambda row: (row["id"],), render=lambda row: HoldView(**_members(row)))


async def get_hold(runtime: Runtime, account_id: UUID, hold_id: UUID) -> HoldView:
    """The account's own hold. Raises NotFound for anybody else's and for one that has expired."""
    async with runtime.database.reading() as connection:
        row = await repository.hold(connection, hold_id, account_id)
    if row is None:
        raise NotFound(NO_SUCH_HOLD)
    return HoldView(**_members(row))


async def get_hold_for_order(runtime: Runtime, hold_id: UUID) -> InternalHoldView:
    """Any hold that can become an order. Raises NotFound."""
    async with runtime.database.reading() as connection:
        row = await repository.hold_for_order(connection, hold_id)
    if row is None:
        raise NotFound(NO_SUCH_HOLD)
    return InternalHoldView(**_members(row))


@retries_lost_races
async def end_hold(runtime: Runtime, account_id: UUID, hold_id: UUID) -> None:
    """Free the seats of the account's own hold. Raises NotFound."""
    async with runtime.database.transaction() as tx:
        if not await repository.end_hold(tx, hold_id, account_id):
            raise NotFound(NO_SUCH_HOLD)
        freed = await repository.release(tx, [Ended(hold_id)])
        places = ((seat.performance_id, seat.label) for seat in freed)
        announce(tx, runtime.broadcast, changes_to(State.AVAILABLE, places))


async def sweep(runtime: Runtime) -> int:
    """Remove a batch of expired claims, so that pages show the seats as available; answers how many.

    Nothing depends on it: an expired claim keeps nobody out.
    """
    async with runtime.database.transaction() as tx:
        freed = await repository.sweep(tx, limit=500)
        if freed:
            await repository.forget_holds(tx, seconds=24 * 60 * 60)
        places = ((seat.performance_id, seat.label) for seat in freed)
        announce(tx, runtime.broadcast, changes_to(State.AVAILABLE, places))
    return len(freed)


async def _take(runtime: Runtime, hold: Hold) -> HoldView:
    settings = runtime.config
    async with runtime.database.transaction() as tx:
        got = await repository.take(tx, hold, seconds=settings.hold_seconds, most=settings.max_open_seats)
        if not got and (held := await repository.open_seats(tx, hold.account_id)) + len(hold.labels) > (
            limit := settings.max_open_seats
        ):
            raise TooManySeatsHeld(limit=limit, held=held)
        if missed := [label for label in hold.labels if label not in got]:
            raise SeatsTaken(missed)
        announce(tx, runtime.broadcast, {hold.performance_id: dict.fromkeys(hold.labels, State.HELD)})
        after_commit(tx, HOLDS.inc)
    return HoldView(
        id=hold.id,
        performance_id=hold.performance_id,
        seats=hold.labels,
        total=hold.total,
        expires_at=got[hold.labels[0]],
    )


async def _refuse_when_closed(runtime: Runtime, performance_id: UUID, taken: SeatsTaken) -> None:
    """Of a performance that is closed nobody gets a seat; then that is what to say."""
    async with runtime.database.reading() as connection:
        if not await repository.is_open(connection, performance_id):
            raise PerformanceClosed from taken


def _members(row: RowMapping) -> dict[str, object]:
    members = dict(row)
    amount, currency = members.pop("total"), members.pop("currency")
    return {**members, "seats": members.pop("labels"), "total": Money(amount=amount, currency=currency)}

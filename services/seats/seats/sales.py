"""Use cases of events: orders are paid for, or end. Each takes a batch, in the transaction of its events."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import after_commit
from chassis.live import Broadcast
from chassis.messaging import outbox
from seats import repository, sales_repository
from seats.counters import SOLD
from seats.domain import Ended, Outcome, Sale, SoldCount, State, rounds, seats_by_order
from seats.events import SeatsBackOnSale, SeatsReleased, SeatsSold, SeatsSoldOut
from seats.live import announce, changes_to


async def settle(tx: AsyncConnection, broadcast: Broadcast, sales: Sequence[Sale]) -> None:
    """Give paid orders their seats: all of them, or none where somebody else has one or the performance is closed.

    An order that is decided already, or ended before it was heard to be paid, is left alone.
    """
    undecided = await sales_repository.decide(tx, [sale.order_id for sale in sales])
    fresh = [sale for sale in sales if sale.order_id in undecided]
    if not fresh:
        return
    open_ = await sales_repository.lock_performances(tx, {sale.performance_id for sale in fresh})
    outcome = Outcome(lost=[sale for sale in fresh if sale.performance_id not in open_])
    in_rounds = rounds(sale for sale in fresh if sale.performance_id in open_)
    if len(in_rounds) > 1:
        await sales_repository.queue_up(
            tx, [place for round_ in in_rounds for sale in round_ for place in sale.places()]
        )
    for round_ in in_rounds:
        outcome.add(round_, await sales_repository.sell(tx, round_))
    if outcome.returned:
        await sales_repository.give_back(tx, outcome.returned)
    sold = [(sale.performance_id, label) for sale in outcome.won for label in sale.seats]
    counts = await _count(tx, Counter(performance_id for performance_id, _ in sold))
    await outbox.append(
        tx,
        *(_sold(sale) for sale in outcome.won),
        *(_released(sale.order_id, sale.performance_id, sale.seats, "lost") for sale in outcome.lost),
        *(SeatsSoldOut(performance_id=count.performance_id) for count in counts if count.became_sold_out),
    )
    announce(tx, broadcast, changes_to(State.AVAILABLE, outcome.returned))
    announce(tx, broadcast, changes_to(State.SOLD, sold))
    after_commit(tx, lambda: SOLD.inc(len(sold)))


async def release(
    tx: AsyncConnection,
    broadcast: Broadcast,
    orders: Mapping[UUID, tuple[UUID, UUID]],
    reason: Literal["cancelled", "declined"],
) -> None:
    """Free the seats of orders that ended, given as order → (hold, performance)."""
    await sales_repository.decide(tx, orders)
    performance_of = {order_id: performance_id for order_id, (_, performance_id) in orders.items()}
    await sales_repository.lock_performances(tx, set(performance_of.values()))
    ended = [Ended(hold_id, order_id) for order_id, (hold_id, _) in orders.items()]
    freed = await repository.release(tx, ended)
    were_sold = Counter(seat.performance_id for seat in freed if seat.order_id)
    counts = await _count(tx, {performance_id: -number for performance_id, number in were_sold.items()})
    await outbox.append(
        tx,
        *(
            _released(order_id, performance_of[order_id], seats, reason)
            for order_id, seats in seats_by_order(ended, freed).items()
        ),
        *(SeatsBackOnSale(performance_id=count.performance_id) for count in counts if count.came_back_on_sale),
    )
    announce(tx, broadcast, changes_to(State.AVAILABLE, [(seat.performance_id, seat.label) for seat in freed]))


async def _count(tx: AsyncConnection, changes: Mapping[UUID, int]) -> list[SoldCount]:
    return await sales_repository.count_sold(tx, changes) if changes else []


def _sold(sale: Sale) -> SeatsSold:
    return SeatsSold(order_id=sale.order_id, performance_id=sale.performance_id, seats=list(sale.seats))


def _released(
    order_id: UUID, performance_id: UUID, seats: Collection[str], reason: Literal["lost", "cancelled", "declined"]
) -> SeatsReleased:
    return SeatsReleased(order_id=order_id, performance_id=performance_id, seats=list(seats), reason=reason)

"""The rules of an order: what each event makes of it, and which decisions each state allows."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from chassis.messaging import Event
from orders import domain
from orders.domain import Order, Status
from orders.events import Money, OrderCancelled, OrderConfirmed, OrderDeclined, OrderPaid, OrderPlaced, OrderRefunded

STARTS = datetime(2030, 1, 1, 19, 30, tzinfo=UTC)

PLACED = OrderPlaced(
    order_id=uuid4(),
    account_id=uuid4(),
    hold_id=uuid4(),
    performance_id=uuid4(),
    seats=["A1", "A2"],
    total=Money(amount=8500, currency="EUR"),
    starts_at=STARTS,
    show="The Open Mic",
)


def order(status: Status) -> Order:
    return Order(PLACED, status, version=3)


def taken(decision: Event | None) -> type[Event] | None:
    return type(decision) if decision else None


DECISIONS: list[tuple[Callable[[Order], Event | None], dict[Status, type[Event]]]] = [
    (domain.pay, {Status.PLACED: OrderPaid}),
    (lambda each: domain.decline(each, "declined"), {Status.PLACED: OrderDeclined}),
    (domain.confirm, {Status.PAID: OrderConfirmed}),
    (domain.lose_seats, {Status.PAID: OrderCancelled}),
    (
        lambda each: domain.cancel(each, "customer"),
        dict.fromkeys((Status.PLACED, Status.PAID, Status.CONFIRMED), OrderCancelled),
    ),
    (domain.refund, {Status.CANCELLED: OrderRefunded}),
]


@pytest.mark.parametrize(("decide", "allowed"), DECISIONS)
@pytest.mark.parametrize("status", list(Status))
def test_a_decision_is_taken_only_where_the_state_allows_it(
    decide: Callable[[Order], Event | None], allowed: dict[Status, type[Event]], status: Status
) -> None:
    assert taken(decide(order(status))) is allowed.get(status)


def test_the_whole_way_to_a_ticket_is_the_fold_of_its_events() -> None:
    events: list[Event] = [PLACED]
    for decide in (domain.pay, domain.confirm, lambda each: domain.cancel(each, "customer"), domain.refund):
        event = decide(domain.fold(events))
        assert event is not None
        events.append(event)
    assert [event.type for event in events] == [
        "order.placed",
        "order.paid",
        "order.confirmed",
        "order.cancelled",
        "order.refunded",
    ]
    folded = domain.fold(events)
    assert (folded.status, folded.version, folded.placed) == (Status.REFUNDED, 5, PLACED)


def test_every_event_keeps_the_orders_identity() -> None:
    for decide, allowed in DECISIONS:
        for status in allowed:
            event = decide(order(status))
            assert event is not None
            assert event.key == str(PLACED.order_id)


def test_a_log_that_does_not_begin_with_placed_is_refused() -> None:
    paid = domain.pay(order(Status.PLACED))
    assert paid is not None
    with pytest.raises(TypeError, match=r"begins with order\.placed"):
        domain.fold([paid])


@pytest.mark.parametrize(("late", "begun"), [(timedelta(seconds=-1), False), (timedelta(0), True)])
def test_a_show_has_begun_from_its_first_second(late: timedelta, *, begun: bool) -> None:
    assert order(Status.CONFIRMED).has_begun(STARTS + late) is begun

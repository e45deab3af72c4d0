"""Layouts, totals, and who gets a seat."""

from uuid import UUID, uuid4

import pytest

from seats.domain import (
    Claims,
    Ended,
    Freed,
    Layout,
    Money,
    Outcome,
    Row,
    Sale,
    SoldCount,
    State,
    UnknownSeats,
    Zone,
    rounds,
    seats_by_order,
)

CHEAP, DEAR = Money(amount=1000, currency="EUR"), Money(amount=2500, currency="EUR")
LAYOUT = Layout.of(
    [
        Zone(name="Stalls", price=DEAR, rows=[Row(name="A", seats=11), Row(name="B", seats=2)]),
        Zone(name="Balcony", price=CHEAP, rows=[Row(name="C", seats=3)]),
    ]
)
PERFORMANCE = uuid4()


def sale(*seats: str, performance_id: UUID = PERFORMANCE) -> Sale:
    return Sale(uuid4(), uuid4(), performance_id, seats)


def test_labels_are_row_and_number_in_the_order_of_the_plan() -> None:
    labels = [seat.label for seat in LAYOUT.seats]
    assert labels[:2] + labels[9:] == ["A1", "A2", "A10", "A11", "B1", "B2", "C1", "C2", "C3"]
    assert LAYOUT.seats[-1].zone == "Balcony"


def test_seats_are_put_in_the_order_of_the_plan() -> None:
    assert LAYOUT.in_order(["C1", "A10", "A2"]) == ["A2", "A10", "C1"]


def test_unknown_seats_are_named() -> None:
    with pytest.raises(UnknownSeats) as caught:
        LAYOUT.in_order(["A1", "A12", "Z9"])
    assert caught.value.labels == ["A12", "Z9"]


def test_total_adds_the_prices_of_all_zones() -> None:
    assert LAYOUT.total(["A1", "B2", "C3"]) == Money(amount=6000, currency="EUR")


def test_what_is_sold_is_not_held() -> None:
    assert Claims(held=["A1", "A2"], sold=["A2"]).states() == {"A1": State.HELD, "A2": State.SOLD}


def test_sales_without_a_common_seat_are_decided_together() -> None:
    sales = [sale("A1"), sale("A2", "A3"), sale("A1", performance_id=uuid4())]
    assert rounds(sales) == [sales]


def test_the_sale_that_came_first_is_decided_first() -> None:
    first, second, apart, third = sale("A1", "A2"), sale("A2", "A3"), sale("B1"), sale("A3")
    assert rounds([first, second, apart, third]) == [[first, apart], [second], [third]]


def test_an_order_gets_all_of_its_seats_or_none() -> None:
    won, lost, empty = sale("A1", "A2"), sale("A3", "A4"), sale("B1")
    outcome = Outcome()
    outcome.add([won, lost, empty], {won.order_id: {"A1", "A2"}, lost.order_id: {"A4"}})
    assert (outcome.won, outcome.lost) == ([won], [lost, empty])
    assert outcome.returned == [(PERFORMANCE, "A4")]


@pytest.mark.parametrize(
    ("sold", "change", "became", "came_back"),
    [(10, 2, True, False), (9, 2, False, False), (10, 0, False, False), (8, -2, False, True), (7, -1, False, False)],
)
def test_sold_out_is_said_when_it_changes(sold: int, change: int, became: bool, came_back: bool) -> None:
    count = SoldCount(PERFORMANCE, sold, 10, change)
    assert (count.became_sold_out, count.came_back_on_sale) == (became, came_back)


def test_freed_seats_go_to_the_order_that_had_them() -> None:
    hold, first, second = uuid4(), uuid4(), uuid4()
    ended = [Ended(hold, first), Ended(hold, second)]
    freed = [Freed(PERFORMANCE, "A1", hold, second), Freed(PERFORMANCE, "A2", hold, None)]
    assert seats_by_order(ended, freed) == {second: ["A1"], first: ["A2"]}

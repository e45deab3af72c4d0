"""Seating plans, prices, dates and searches."""

from datetime import UTC, datetime, timedelta

import pytest

from catalog.domain import (
    Money,
    Row,
    RuleBroken,
    Zone,
    check_start,
    check_zones,
    moment,
    price_zones,
    search_terms,
    seat_count,
)

NOW = datetime(2030, 1, 1, tzinfo=UTC)
EURO, DOLLAR = Money(amount=1000, currency="EUR"), Money(amount=1000, currency="USD")


def zone(name: str = "House", **rows: int) -> Zone:
    return Zone(name=name, rows=[Row(name=row, seats=seats) for row, seats in rows.items()])


def test_a_sound_plan_passes() -> None:
    plan = [zone("Stalls", A=20, B=20), zone("Balcony", C=10)]
    check_zones(plan)
    assert seat_count(plan) == 50


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ([zone("House", A=1), zone("House", B=1)], "different names: House"),
        ([zone("Stalls", A=1), zone("Balcony", A=1)], "in the whole venue: A"),
        ([zone("House", A=11, A1=1)], "called A11"),
        ([zone("House", A=5001)], "at most 5000"),
    ],
)
def test_an_unsound_plan_is_refused(plan: list[Zone], message: str) -> None:
    with pytest.raises(RuleBroken, match=message):
        check_zones(plan)


@pytest.mark.parametrize("ahead", [timedelta(0), timedelta(days=-1), timedelta(days=3000)])
def test_a_performance_starts_within_reach(ahead: timedelta) -> None:
    check_start(NOW + timedelta(hours=1), NOW)
    with pytest.raises(RuleBroken):
        check_start(NOW + ahead, NOW)


def test_zones_get_their_prices() -> None:
    [stalls, balcony] = price_zones([zone("Stalls", A=1), zone("Balcony", B=1)], {"Balcony": EURO, "Stalls": EURO})
    assert (stalls.name, stalls.price, balcony.rows) == ("Stalls", EURO, [Row(name="B", seats=1)])


@pytest.mark.parametrize(
    ("prices", "message"),
    [
        ({"Stalls": EURO}, "without a price: Balcony"),
        ({"Stalls": EURO, "Balcony": EURO, "Roof": EURO}, "no such zones: Roof"),
        ({"Stalls": EURO, "Balcony": DOLLAR}, "one currency"),
    ],
)
def test_prices_are_for_exactly_the_zones(prices: dict[str, Money], message: str) -> None:
    with pytest.raises(RuleBroken, match=message):
        price_zones([zone("Stalls", A=1), zone("Balcony", B=1)], prices)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("jazz", "'jazz':*"),
        (" Jazz  ni ", "'Jazz':* & 'ni':*"),
        ("it's | (a) & !b:*", "'it':* & 's':* & 'a':* & 'b':*"),
        ("!?", ""),
    ],
)
def test_a_search_is_words(text: str, terms: str) -> None:
    assert search_terms(text) == terms


@pytest.mark.parametrize(
    ("text", "ends", "expected"),
    [
        ("2030-01-31", False, datetime(2030, 1, 31, tzinfo=UTC)),
        ("2030-01-31", True, datetime(2030, 2, 1, tzinfo=UTC)),
        ("2030-01-31T19:30:00Z", True, datetime(2030, 1, 31, 19, 30, tzinfo=UTC)),
        ("2030-01-31T19:30:00 01:00", False, datetime(2030, 1, 31, 18, 30, tzinfo=UTC)),
    ],
)
def test_bounds_are_dates_or_times(text: str, ends: bool, expected: datetime) -> None:
    assert moment(text, ends=ends) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "2030-13-01",
        "2030-W05-4",
        "2030-01-31T19:30:00",
        "2030-01-31T19:30",
        "20300131T1930Z",
        "9999-12-31",
        "9999-12-31T23:59:59-12:00",
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_other_bounds_are_refused(text: str) -> None:
    with pytest.raises(RuleBroken):
        moment(text, ends=True)

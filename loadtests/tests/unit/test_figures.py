"""Figures of a run, from its lines."""

from loadtests.figures import Figures, Timing, knee, percentile, slices
from loadtests.record import Order, Request

SHOWS = "GET /api/shows"


def request(at: float, ms: float = 10.0, *, name: str = "/api/shows", status: int = 200, error: str = "") -> Request:
    return Request(at, ms, "GET", name, status, "app-1" if status else "", "catalog", error, f"{at:032.0f}")


def order(status: str, seconds: float) -> Order:
    return Order(0.0, f"{status} {seconds}", status, seconds, "performance", "")


def test_percentiles() -> None:
    values = [float(number) for number in range(1, 101)]
    assert [percentile(values, part) for part in (0.5, 0.95, 0.99, 1.0)] == [50.0, 95.0, 99.0, 100.0]
    assert percentile([7.0], 0.5) == 7.0
    assert percentile([], 0.95) == 0.0


def test_a_refusal_that_was_polite_is_no_failure() -> None:
    timing = Timing.of([request(0), request(1, status=503), request(2, status=0, error="reset"), request(3)])
    assert (timing.failed_share, timing.refused_share) == (0.25, 0.25)


def test_all_of_a_run() -> None:
    requests = [request(float(second), ms=float(second)) for second in range(10)]
    requests.append(request(4.5, 900, name="/api/orders", status=0, error="reset"))
    figures = Figures.of(requests, [order("confirmed", 1.0), order("declined", 2.0), order("", 0.0)])
    assert figures.names[SHOWS].count == 10
    assert figures.instances == {"app-1": 10}
    assert figures.statuses == {"0": 1, "200": 10}
    assert figures.slowest[0].ms == 900
    assert [each.error for each in figures.failed] == ["reset"]
    assert figures.orders.endings == {"confirmed": 1, "declined": 1, "open": 1}
    assert (figures.orders.open, figures.orders.longest) == (1, 2.0)


def test_nothing_happened() -> None:
    figures = Figures.of([], [])
    assert (figures.all.count, figures.rate, figures.timeline) == (0, 0.0, [])


def test_every_request_is_in_one_slice() -> None:
    parts = slices([request(number / 7) for number in range(100)], 9)
    assert sum(part.timing.count for part in parts) == 100
    assert len(parts) == 9


def test_the_knee_is_where_more_users_mean_no_more_requests() -> None:
    rates = (10, 20, 30, 40, 42, 42, 41, 40)
    requests = [request(20.0 * step + n / rate) for step, rate in enumerate(rates) for n in range(20 * rate)]
    found = knee(requests, users=80)
    assert (found.users, found.found, round(found.rate)) == (40, True, 40)


def test_a_tier_that_keeps_up_has_its_knee_beyond() -> None:
    requests = [request(20.0 * step + n / (5 * step + 5)) for step in range(8) for n in range(20 * (5 * step + 5))]
    assert knee(requests, users=80).found is False


def test_drift_is_seen() -> None:
    figures = Figures.of([], [])
    assert figures.drift([request(float(second), ms=10.0 + second) for second in range(90)]) > 2
    assert figures.drift([request(float(second)) for second in range(90)]) == 1.0

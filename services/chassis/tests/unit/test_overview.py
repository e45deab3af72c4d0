"""The picture of the whole: rates across a restart, times of many instances."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from prometheus_client import CollectorRegistry, Counter

from chassis.fleet import heartbeat
from chassis.fleet.heartbeat import Meter, Sample, Work
from chassis.fleet.overview import Backstage, put_together, quantile
from chassis.http.readiness import Outcome
from chassis.observability.metrics import BUCKETS, HANDLED, OUTBOX_DEPTH, Answers

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


def answered(**counts: float) -> list[float]:
    """A histogram of answers, given as how many took at most so many milliseconds: `ms25=10`."""
    found, total = [], 0.0
    for bound in (*BUCKETS, float("inf")):
        total += counts.get(f"ms{bound * 1000:g}", 0)
        found.append(total)
    return found


def sample(name: str, **works: Work) -> Sample:
    return Sample(instance=name, region="here", version="1", at=NOW, state="ready", work=works)


def seen(*samples: Sample) -> Backstage:
    return put_together(samples, now=NOW)


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr(heartbeat, "time", SimpleNamespace(monotonic=lambda: self.now, process_time=lambda: 0.0))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def meter(name: str, *counters: Counter, answers: Answers | None = None) -> Meter:
    return Meter({name: answers or Answers()}, {name: counters})


@pytest.mark.parametrize(
    ("counts", "share", "milliseconds"),
    [
        ({"ms25": 100}, 0.95, 10 + 15 * 0.95),
        ({"ms25": 95, "ms1000": 5}, 0.95, 25),
        ({"ms25": 90, "ms1000": 10}, 0.95, 750),
        ({"ms1": 1}, 0.5, 0.5),
        ({"msinf": 10}, 0.95, 10_000),
    ],
)
def test_a_percentile_is_read_off_the_histogram(counts: dict[str, float], share: float, milliseconds: float) -> None:
    found = quantile(answered(**counts), share)
    assert found is not None
    assert found * 1000 == pytest.approx(milliseconds)


def test_without_answers_there_is_no_percentile() -> None:
    assert quantile(answered(), 0.95) is None
    assert seen().total.p95_ms is None


def test_the_slow_instance_is_seen_by_its_weight_in_the_whole() -> None:
    """95 % of all answers are fast though one of two instances is slow: an average of percentiles would say 0.5 s."""
    fast = sample("a", s=Work(answered=answered(ms25=960)))
    slow = sample("b", s=Work(answered=answered(ms1000=40)))
    assert seen(fast).total.p95_ms == pytest.approx(10 + 15 * 0.95, abs=0.01)
    assert seen(slow).total.p95_ms == pytest.approx(975)
    assert seen(fast, slow).total.p95_ms == pytest.approx(10 + 15 * 950 / 960, abs=0.01)


def test_instances_add_up() -> None:
    one = Work(per_second={"requests": 10, "sold": 2}, levels={"consumer_lag": 3})
    other = Work(per_second={"requests": 5}, levels={"consumer_lag": 4, "in_flight": 1})
    picture = seen(sample("a", alpha=one, beta=other), sample("b", alpha=other))
    assert picture.total.per_second == {"requests": 20, "sold": 2}
    assert [(each.name, each.instances, each.per_second["requests"]) for each in picture.services] == [
        ("alpha", 2, 15),
        ("beta", 1, 5),
    ]
    assert [(each.name, each.consumer_lag, each.in_flight) for each in picture.instances] == [("a", 7, 1), ("b", 4, 1)]


def test_rates_are_those_of_the_last_moment(clock: Clock) -> None:
    counter = Counter("things_total", "", registry=CollectorRegistry())
    counter.inc(1000)  # before anybody looked
    answers = Answers()
    measured = meter("rates", counter, answers=answers)
    measured.read()
    for _ in range(5):
        clock.now += 1
        counter.inc(20)
        answers.add(200, 0.02)
        work = measured.read()[0]["rates"]
    assert work.per_second == pytest.approx({"things_total": 20, "requests": 1, "requests_2xx": 1})
    assert work.answered == pytest.approx(answered(ms25=1))
    for _ in range(3):
        clock.now += 1
        work = measured.read()[0]["rates"]
    assert work.per_second["things_total"] == 0


def test_a_process_that_starts_anew_never_has_a_negative_rate(clock: Clock) -> None:
    """Each process compares itself with itself: what its predecessor had counted is nothing to it."""
    for _ in range(2):  # the second one starts with its counters at zero
        counter = Counter("things_total", "", registry=CollectorRegistry())
        measured = meter("again", counter)
        rates = []
        for _ in range(4):
            rates.append(measured.read()[0]["again"].per_second["things_total"])
            clock.now += 1
            counter.inc(7)
        assert rates == pytest.approx([0, 7, 7, 7])


def test_levels_are_what_they_are_now_and_other_services_are_left_out(clock: Clock) -> None:
    OUTBOX_DEPTH.labels("levels").set(12)
    OUTBOX_DEPTH.labels("stranger").set(99)
    HANDLED.labels("levels", "topic", "dead-letter").inc()
    measured = meter("levels")
    measured.read()
    clock.now += 1
    HANDLED.labels("levels", "topic", "handled").inc(5)
    found, _ = measured.read()
    assert list(found) == ["levels"]
    assert found["levels"].levels == {"outbox_depth": 12, "dead_letters": 1}
    assert found["levels"].per_second["events_handled"] == 5


def test_a_store_is_as_its_users_see_it() -> None:
    good, bad = Outcome(ms=2), Outcome(ms=1500, error="ConnectionError")
    one = Sample.model_validate(sample("a")).model_copy(
        update={"checks": {"database x": good, "database y": bad, "redis": Outcome(ms=0.25), "kafka": good}}
    )
    other = one.model_copy(update={"instance": "b", "checks": {"database x": good, "redis": Outcome(ms=0.75)}})
    picture = seen(one, other)
    assert [(each.name, each.asked, each.answered, each.ms) for each in picture.stores] == [
        ("postgres", 2, 1, 2),
        ("redis", 2, 2, 0.5),
        ("kafka", 1, 1, 2),
        ("vault", 0, 0, None),
    ]
    assert picture.instances[0].troubles == {"database y": "ConnectionError"}


def test_a_sample_is_read_as_it_was_written() -> None:
    written = sample("a", s=Work({"requests": 1.5}, {"in_flight": 2}, answered(ms25=1)))
    assert Sample.model_validate_json(written.model_dump_json()) == written
    assert written.at - NOW == timedelta()

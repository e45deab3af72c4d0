"""Pauses that grow."""

from chassis.work.backoff import Backoff

BACKOFF = Backoff(0.25, 30.0)


def test_pauses_double_to_a_bound() -> None:
    longest = [BACKOFF.pause(failures, lambda: 1.0) for failures in (1, 2, 3, 8, 1000)]
    assert longest == [0.25, 0.5, 1.0, 30.0, 30.0]


def test_pauses_are_spread_over_half_of_their_bound() -> None:
    assert [BACKOFF.pause(3, lambda: 0.0), BACKOFF.pause(3, lambda: 1.0)] == [0.5, 1.0]

"""Pauses between attempts: they double up to a bound, and are spread so that callers do not return all at once."""

import random
from collections.abc import Callable
from dataclasses import dataclass

MOST_DOUBLINGS = 32


@dataclass(frozen=True, slots=True)
class Backoff:
    """`first` is the longest pause (s) after the first failure, `longest` the longest of all."""

    first: float
    longest: float

    def pause(self, failures: int, jitter: Callable[[], float] = random.random) -> float:
        """Seconds to wait after `failures` failures in a row (1 or more): the bound or less, at least half of it."""
        bound = min(self.longest, self.first * 2.0 ** min(failures - 1, MOST_DOUBLINGS))
        return bound * (0.5 + jitter() / 2)

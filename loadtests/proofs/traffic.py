"""Questions about requests, which many claims ask."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from loadtests.runs import Request

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""What may be sent twice."""


def failures(requests: Iterable[Request]) -> list[Request]:
    """Those without an answer, or with one that says that the server is at fault or away."""
    return [each for each in requests if has_failed(each)]


def has_failed(request: Request) -> bool:
    return request.status == 0 or request.status >= 500


def signed_out(requests: Iterable[Request]) -> list[Request]:
    """Those whose session was not known."""
    return [each for each in requests if each.status == 401]


def between(requests: Iterable[Request], begin: float, end: float) -> list[Request]:
    """Those that were answered in this time (unix seconds)."""
    return [each for each in requests if begin <= done(each) < end]


def done(request: Request) -> float:
    """When the answer was there."""
    return request.at + request.ms / 1000


def told(requests: Iterable[Request]) -> list[str]:
    """Each in words, for a figure."""
    return [f"{each.method} {each.name} {each.status or 'no answer'} {each.error}".strip() for each in requests]


def shares(requests: Iterable[Request]) -> dict[str, float]:
    """Of the requests that an instance answered, how much each one did: 0 to 1."""
    counts = Counter(each.instance for each in requests if each.instance)
    total = sum(counts.values())
    return {name: count / total for name, count in counts.items()}


def longest_pause(requests: Iterable[Request], begin: float, end: float) -> float:
    """Seconds of the longest time in [begin, end] in which no request was answered well."""
    moments = sorted(done(each) for each in requests if not has_failed(each) and begin <= done(each) <= end)
    return max(later - earlier for earlier, later in pairwise([begin, *moments, end]))


def quantile(values: Sequence[float], share: float) -> float:
    """0.95: what 95 % of `values` do not exceed; 0 when there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

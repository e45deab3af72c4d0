"""What a run was, in figures: made from its lines alone, so that they can be made again from the files."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from loadtests.record import Order, Request
from loadtests.shapes import RAMP_STEPS

BUSY = 503
SHOWN = 10
"""How many of the slowest requests, and of the failed ones, are named with their traces."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Some requests: how many, how many of them failed or were told to come back later, and percentiles (ms)."""

    count: int
    failed: int
    refused: int
    p50: float
    p95: float
    p99: float
    longest: float

    @classmethod
    def of(cls, requests: Sequence[Request]) -> "Timing":
        times = sorted(each.ms for each in requests)
        failed = sum(bool(each.error) for each in requests)
        refused = sum(each.status == BUSY for each in requests)
        return cls(len(times), failed, refused, *(percentile(times, part) for part in (0.5, 0.95, 0.99, 1.0)))

    @property
    def failed_share(self) -> float:
        return self.failed / self.count if self.count else 0.0

    @property
    def refused_share(self) -> float:
        return self.refused / self.count if self.count else 0.0


@dataclass(frozen=True, slots=True)
class Orders:
    """The accepted orders: how they ended (`open`: not seen to), and how many seconds it took."""

    accepted: int
    endings: dict[str, int]
    p50: float
    p95: float
    longest: float

    @classmethod
    def of(cls, orders: Sequence[Order]) -> "Orders":
        seconds = sorted(order.seconds for order in orders if order.is_over)
        endings = Counter(order.status or "open" for order in orders)
        return cls(len(orders), dict(endings), *(percentile(seconds, part) for part in (0.5, 0.95, 1.0)))

    @property
    def open(self) -> int:
        return self.endings.get("open", 0)


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of the time: from when to when (seconds since the first request), what went on in it."""

    begins: float
    seconds: float
    timing: Timing

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.timing.count / self.seconds


@dataclass(frozen=True, slots=True)
class Figures:
    """All of a run. `names` are a method and a path."""

    seconds: float
    all: Timing
    names: dict[str, Timing]
    statuses: dict[str, int]
    instances: dict[str, int]
    orders: Orders
    timeline: list[Slice] = field(repr=False)
    slowest: list[Request] = field(repr=False)
    failed: list[Request] = field(repr=False)

    @classmethod
    def of(cls, requests: Sequence[Request], orders: Sequence[Order]) -> "Figures":
        in_order = sorted(requests, key=lambda each: each.at)
        ends = max((each.at + each.ms / 1000 for each in in_order), default=0.0)
        seconds = ends - in_order[0].at if in_order else 0.0
        return cls(
            seconds=seconds,
            all=Timing.of(in_order),
            names={name: Timing.of(some) for name, some in _grouped(in_order, _full_name)},
            statuses={str(status): len(some) for status, some in _grouped(in_order, lambda each: each.status)},
            instances={name: len(some) for name, some in _grouped(in_order, lambda each: each.instance) if name},
            orders=Orders.of(orders),
            timeline=slices(in_order, max(1, math.ceil(seconds))),
            slowest=sorted(in_order, key=lambda each: -each.ms)[:SHOWN],
            failed=[each for each in in_order if each.error][:SHOWN],
        )

    @property
    def rate(self) -> float:
        """Requests a second over the whole time."""
        return self.all.count / self.seconds if self.seconds else 0.0

    def drift(self, requests: Sequence[Request]) -> float:
        """How much slower the last third of the time is than the first, by their medians."""
        first, *_, last = slices(sorted(requests, key=lambda each: each.at), 3)
        return last.timing.p50 / first.timing.p50 if first.timing.p50 else 1.0

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"rate": self.rate}


@dataclass(frozen=True, slots=True)
class Knee:
    """The last step of a ramp on which the tier kept up: with so many users, requests a second, and 95 % in `p95` ms.

    `found` is false when it kept up to the end: then the knee is beyond.
    """

    users: int
    rate: float
    p95: float
    found: bool


def knee(requests: Sequence[Request], users: int) -> Knee:
    """Where more users stop to mean more requests."""
    steps = slices(sorted(requests, key=lambda each: each.at), RAMP_STEPS)
    last = 0
    for number in range(1, len(steps)):
        growth = (number + 1) / number
        wanted = steps[last].rate * (1 + (growth - 1) / 2)
        if steps[number].rate < wanted:
            break
        last = number
    step = steps[last]
    return Knee(round(users * (last + 1) / RAMP_STEPS), step.rate, step.timing.p95, last < len(steps) - 1)


def slices(requests: Sequence[Request], count: int) -> list[Slice]:
    """The time from the first request to the last in `count` equal parts; `requests` are in order."""
    if not requests:
        return []
    first = requests[0].at
    length = max((requests[-1].at - first) / count, 1e-3)
    parts: list[list[Request]] = [[] for _ in range(count)]
    for each in requests:
        parts[min(count - 1, int((each.at - first) / length))].append(each)
    return [Slice(number * length, length, Timing.of(part)) for number, part in enumerate(parts)]


def percentile(values: Sequence[float], part: float) -> float:
    """The smallest of the sorted `values` that `part` of them do not exceed; 0 where there are none."""
    return values[max(0, math.ceil(part * len(values)) - 1)] if values else 0.0


def _full_name(request: Request) -> str:
    return f"{request.method} {request.name}"


def _grouped(requests: Iterable[Request], key: Callable[[Request], Any]) -> list[tuple[Any, list[Request]]]:
    groups: dict[Any, list[Request]] = defaultdict(list)
    for each in requests:
        groups[key(each)].append(each)
    return sorted(groups.items())

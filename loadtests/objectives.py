"""Objectives: what is demanded of a run (`objectives.toml`), and whether it was kept."""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadtests.figures import Figures, Timing, knee
from loadtests.record import Request

DEFAULT = Path(__file__).with_name("objectives.toml")
EVERY, ALL, ORDERS, REQUESTS = "every", "all", "orders", "requests"
AT_LEAST = {"accepted", "knee"}
UNITS = {"p95": "ms", "p99": "ms", "over_p95": "s", "over_longest": "s", "knee": "requests/s", "drift": "times"}
SHARES = {"failed", "refused"}
LOOK_AT = {
    "failed": "the failed requests in the report, by trace id: make logs | grep TRACE",
    "refused": "more instances (make scale app=3), or MAX_IN_FLIGHT and MAX_QUEUED of the tier",
    "p95": "the slowest requests in the report, by trace id; make status shows what is short",
    "p99": "the slowest requests in the report, by trace id; restarts and garbage show up here first",
    "open": "orders.csv has their ids; outbox_depth and consumer_lag in /metrics say where they wait",
    "over_p95": "consumer_lag and outbox_depth in /metrics: events come faster than they are handled",
    "over_longest": "orders.csv has the slow ones; make logs | grep TRACE follows one through all services",
    "accepted": "POST /api/holds and POST /api/orders in the report: did anybody find a seat?",
    "drift": "memory and restarts in make status, and the plot: what grows?",
    "knee": "what is at 100 % when it bends: an instance (make scale app=3), Postgres, or the load itself",
}
"""What to look at first, by figure."""


class BadObjectives(ValueError):
    """The file makes no sense. The message says where."""


@dataclass(frozen=True, slots=True)
class Objective:
    """A `figure` of a `subject` (`all`, `orders`, or a method and a path) and its limit."""

    subject: str
    figure: str
    limit: float

    def kept_by(self, measured: float) -> bool:
        return measured >= self.limit if self.figure in AT_LEAST else measured <= self.limit


@dataclass(frozen=True, slots=True)
class Verdict:
    """An objective and what was measured; None when there was nothing to measure."""

    objective: Objective
    measured: float | None

    @property
    def kept(self) -> bool:
        return self.measured is None or self.objective.kept_by(self.measured)

    def __str__(self) -> str:
        it = self.objective
        if self.measured is None:
            return f"{it.subject}: {it.figure} was not measured"
        bound = "at least" if it.figure in AT_LEAST else "at most"
        says = f"{it.subject}: {it.figure} is {_shown(it.figure, self.measured)}, {bound} {_shown(it.figure, it.limit)}"
        if self.kept:
            return says
        return f"{says}: missed by {_shown(it.figure, abs(self.measured - it.limit))}. Look at {LOOK_AT[it.figure]}"


def load_objectives(path: Path, shape: str) -> list[Objective]:
    """Those of every shape, with what `shape` says else. Raises BadObjectives."""
    try:
        content = tomllib.loads(path.read_text())
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadObjectives(f"{path}: {error}") from error
    found: dict[tuple[str, str], float] = {}
    for section in (EVERY, shape):
        found |= _limits(path, section, content.get(section, {}))
    return [Objective(subject, figure, limit) for (subject, figure), limit in found.items()]


def judge(objectives: Sequence[Objective], figures: Figures, requests: Sequence[Request], users: int) -> list[Verdict]:
    """A verdict on each. Who buys nothing (no hold was asked for) is not asked for orders."""
    return [Verdict(each, _measured(each, figures, requests, users)) for each in objectives]


def _measured(objective: Objective, figures: Figures, requests: Sequence[Request], users: int) -> float | None:
    if objective.figure == "knee":
        return knee(requests, users).rate if requests else 0.0
    if objective.figure == "drift":
        return figures.drift(requests) if requests else None
    if objective.subject == ORDERS:
        bought = "POST /api/holds" in figures.names
        return float(_OF_ORDERS[objective.figure](figures)) if bought else None
    timing = figures.all if objective.subject == ALL else figures.names.get(objective.subject)
    return float(_OF_TIMING[objective.figure](timing)) if timing and timing.count else None


_OF_TIMING: Mapping[str, Callable[[Timing], float]] = {
    "failed": lambda timing: timing.failed_share,
    "refused": lambda timing: timing.refused_share,
    "p95": lambda timing: timing.p95,
    "p99": lambda timing: timing.p99,
}
_OF_ORDERS: Mapping[str, Callable[[Figures], float]] = {
    "accepted": lambda figures: figures.orders.accepted,
    "open": lambda figures: figures.orders.open,
    "over_p95": lambda figures: figures.orders.p95,
    "over_longest": lambda figures: figures.orders.longest,
}


def _limits(path: Path, section: str, content: Mapping[str, Any]) -> dict[tuple[str, str], float]:
    subjects = {name: value for name, value in content.items() if name != REQUESTS} | content.get(REQUESTS, {})
    limits: dict[tuple[str, str], float] = {}
    for subject, figures in subjects.items():
        known = {ALL: {*_OF_TIMING, "drift", "knee"}, ORDERS: set(_OF_ORDERS)}.get(subject, set(_OF_TIMING))
        if subject not in (ALL, ORDERS) and subject not in content.get(REQUESTS, {}):
            raise BadObjectives(f"{path}: [{section}] has no {subject!r}; requests stand in [{section}.{REQUESTS}]")
        for figure, limit in figures.items():
            if figure not in known or not isinstance(limit, int | float):
                raise BadObjectives(f"{path}: [{section}] {subject}: {figure} = {limit!r} is none of {sorted(known)}")
            limits[subject, figure] = float(limit)
    return limits


def _shown(figure: str, value: float) -> str:
    if figure in SHARES:
        return f"{value * 100:.2g} %"
    number = f"{value:.0f}" if value >= 100 else f"{value:.3g}"
    return f"{number} {UNITS.get(figure, '')}".rstrip()

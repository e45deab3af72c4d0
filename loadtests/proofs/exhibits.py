"""What a report shows beside the figures: requests over time, numbers side by side, tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loadtests.proofs.record import Mark, Record
from loadtests.runs import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Requests a second by the instance that answered, their times, failures, and what was done to the system."""

    caption: str
    began: float
    ended: float
    requests: Sequence[Request]
    marks: Sequence[Mark]
    by_name: bool = False
    """Bands are kinds of requests in place of instances."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Each bar has the value that it would have ideally, and the one that it must have."""

    caption: str
    unit: str
    bars: Sequence["Bar"]


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    value: float
    ideal: float
    bound: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Lines over one axis. `span` is a part of it that is shaded, `level` a value that has a line of its own."""

    caption: str
    x: str
    """What the axis counts, with its unit."""
    y: str
    lines: Mapping[str, Sequence[tuple[float, float]]]
    span: tuple[float, float] | None = None
    level: float | None = None


Exhibit = Timeline | Bars | Table | Chart


def timeline_of(record: Record[Any], caption: str, *, by_name: bool = False) -> Timeline:
    """All requests and marks of a record."""
    return Timeline(
        caption=caption,
        began=record.began,
        ended=record.ended,
        requests=record.requests,
        marks=record.marks,
        by_name=by_name,
    )

"""What a run writes down, line by line: every request in `requests.csv`, every accepted order in `orders.csv`.

The lines are complete at any moment, so a run can be read while it goes on, and after a crash of it too.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

OVER = frozenset({"confirmed", "declined", "cancelled", "refunded"})
"""How an order can end."""

RUNNING = "running"
"""A file in the folder of a run: there once all of its first users are."""
CPU = "cpu"
"""Another: there in the end, with the processor time of all its processes (seconds)."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request: when it began (Unix seconds), how long it took (`ms`), who answered, and its trace id.

    `status` is 0 when there was no answer. `error` is empty when all was as it should be: a seat that somebody else
    has (409), or a 503 that said when to come back and was asked again, is an outcome and no error.
    """

    at: float
    ms: float
    method: str
    name: str
    status: int
    instance: str
    service: str
    error: str
    trace: str


@dataclass(frozen=True, slots=True)
class Order:
    """An order that got its 202 `at` (Unix seconds), and how it ended after so many `seconds`: empty when not seen."""

    at: float
    id: str
    status: str
    seconds: float
    performance: str
    trace: str

    @property
    def is_over(self) -> bool:
        return self.status in OVER


Line = TypeVar("Line", Request, Order)


class Journal:
    """Appends lines to one file. `flush` hands them to the system: a line is either there or not."""

    def __init__(self, path: Path, kind: type[Line]) -> None:
        self._file = path.open("a", newline="", buffering=1 << 20, encoding="utf-8")
        self._writer = csv.writer(self._file)
        if not self._file.tell():
            self._writer.writerow(field.name for field in fields(kind))

    def write(self, values: Iterable[object]) -> None:
        """The values of a line in the order of its fields; no text may hold a line break."""
        self._writer.writerow(values)

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self._file.close()


def one_line(text: str, longest: int = 300) -> str:
    """`text` as it can stand in a line."""
    return " ".join(text.split())[:longest]


def read_requests(folder: Path) -> list[Request]:
    """The requests that the run in `folder` has written down so far, in the order of their ends."""
    return list(_lines(folder / "requests.csv", Request))


def read_orders(folder: Path) -> list[Order]:
    """The accepted orders in the order of their 202, each with the last that is known of it."""
    latest: dict[str, Order] = {}
    for order in _lines(folder / "orders.csv", Order):
        latest[order.id] = order
    return list(latest.values())


def values_of(line: Request | Order) -> tuple[Any, ...]:
    return astuple(line)


def _lines(path: Path, kind: type[Line]) -> Iterator[Line]:
    if not path.exists():
        return
    text, _, _ = path.read_text(encoding="utf-8").rpartition("\n")  # what comes after it is being written
    readers = [_READERS[field.type] for field in fields(kind)]
    for row in csv.reader(text.splitlines()[1:]):
        yield kind(*(read(value) for read, value in zip(readers, row, strict=True)))


_READERS: Mapping[Any, Callable[[str], Any]] = {float: float, int: int, str: str}

"""What happened while a claim was put to the test. Whoever judges it sees nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from loadtests.runs import Request

Facts = TypeVar("Facts")


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that was done to the system, or that became of it; `at` is unix seconds."""

    at: float
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(Generic[Facts]):
    """Times are unix seconds. `facts` are what this one claim looks at beside the requests."""

    began: float
    ended: float
    marks: Sequence[Mark]
    requests: Sequence[Request]
    facts: Facts

    def when(self, what: str) -> float:
        """The moment of the first mark that begins with these words. Raises KeyError."""
        for mark in self.marks:
            if mark.what.startswith(what):
                return mark.at
        raise KeyError(what)

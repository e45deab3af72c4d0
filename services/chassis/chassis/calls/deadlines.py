"""How long whoever asked will still wait: a request carries it along, so that nobody works for a caller who has left.

What travels is the time that is left (milliseconds, `x-timeout-ms`) and not a time of day: clocks differ.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from chassis.numbers import as_number

HEADER = "x-timeout-ms"

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


def set_deadline(header: bytes | None) -> None:
    """Take over what the caller of this request has said; without a number there, it waits for as long as it takes."""
    milliseconds = as_number(header or b"")
    _deadline.set(None if milliseconds is None else time.monotonic() + milliseconds / 1000)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Do the work of the block in at most `seconds`, or as long as the caller waits: `remaining` then counts down."""
    token = _deadline.set(time.monotonic() + remaining(seconds))
    try:
        yield
    finally:
        _deadline.reset(token)


def remaining(most: float = math.inf) -> float:
    """Seconds that are left for the work under way, at most `most`; 0 when the caller has given up."""
    deadline = _deadline.get()
    return most if deadline is None else max(0.0, min(most, deadline - time.monotonic()))

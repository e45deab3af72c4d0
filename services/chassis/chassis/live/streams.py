"""Bounds of the streams of one process: how many there are, and how many one client has.

A stream costs a connection, a subscription and a little memory for minutes. A client without a session is its address,
which many people may share; one with a session is that session, and the address as well, with far more room.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from chassis.errors import Problem, Unavailable
from chassis.observability.security import SecurityEvent

RETRY_SECONDS = "10"
OF_ONE_SESSION = 8
OF_ONE_ADDRESS = 1 / 4
WITHOUT_SESSION = 3 / 4
"""Shares of what a process has: the rest is for people who are signed in, whoever else looks on."""


class TooManyStreams(Problem):
    """This client has as many streams as it may; another one need not wait."""

    status = 429
    slug = "too-many-streams"
    security = SecurityEvent.THROTTLE

    def __init__(self) -> None:
        super().__init__("Close another live view first.", headers={"retry-after": RETRY_SECONDS})


class NoMoreStreams(Unavailable):
    """The process has as many streams as it may."""

    slug = "no-more-streams"

    def __init__(self) -> None:
        super().__init__("Live views are full at this moment.", retry_after=RETRY_SECONDS)


class Streams:
    """Counts the streams of a process; `most` is how many it may have."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._count: Counter[str] = Counter()

    @contextmanager
    def place(self, *, address: str, session: str | None) -> Iterator[None]:
        """A place for the time of the block. Raises TooManyStreams, NoMoreStreams."""
        limits = self._limits(address, session)
        over = [name for name, most in limits.items() if self._count[name] >= most]
        if over:
            raise NoMoreStreams if over[0] in ("all", "anonymous") else TooManyStreams
        self._count.update(limits.keys())
        try:
            yield
        finally:
            self._count.subtract(limits.keys())
            for name in limits:
                if not self._count[name]:
                    del self._count[name]

    def _limits(self, address: str, session: str | None) -> dict[str, float]:
        """Each count that a stream is part of, and its bound."""
        if session is None:
            of_address = max(1, self._most * OF_ONE_ADDRESS)
            return {f"address {address}": of_address, "anonymous": self._most * WITHOUT_SESSION, "all": self._most}
        whole = max(1, self._most / 2)
        return {f"session {session}": OF_ONE_SESSION, f"signed in {address}": whole, "all": self._most}

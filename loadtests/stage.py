"""What the users of one process share: the cast, what they know of the seats, the journals."""

import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from random import Random

import orjson

from loadtests.cast import Cast, Person
from loadtests.shapes import SHAPES, Shape

Note = Callable[[tuple[object, ...]], None]


@dataclass(frozen=True, slots=True)
class SeatMap:
    """The seats of a performance that can be had, in the order of the plan."""

    etag: str
    free: tuple[str, ...]

    @classmethod
    def of(cls, etag: str, body: bytes) -> "SeatMap":
        seats = orjson.loads(body)["seats"]
        return cls(etag, tuple(seat["label"] for seat in seats if seat["state"] == "available"))

    def some(self, count: int, dice: Random) -> list[str]:
        """`count` seats next to each other, or as many as there are."""
        start = dice.randrange(max(1, len(self.free) - count + 1))
        return list(self.free[start : start + count])


@dataclass
class Stage:
    """Set once, before the first user comes."""

    cast: Cast
    note_order: Note
    dice: Random = field(default_factory=Random)
    _maps: dict[str, SeatMap] = field(default_factory=dict)
    _sold_out: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.trust = ssl.create_default_context(cadata=self.cast.ca or None)
        self.shape: Shape = SHAPES[self.cast.shape]
        self.performances = list(self.cast.performances)
        self._people: Iterator[Person] = cycle(self.cast.people)

    @property
    def interval(self) -> float | None:
        """Seconds between two requests of one user, where the load is given as a rate."""
        return self.cast.users / self.cast.rate if self.cast.rate else None

    def somebody(self) -> Person:
        """Who has not come yet; when all have, somebody who is here on another device too."""
        return next(self._people)

    def wanted(self) -> str:
        """A performance that somebody wants to see, and that is not known to be sold out."""
        hot = self.performances[0]
        if self.shape.rush > self.dice.random() and not self._is_sold_out(hot):
            return hot
        left = [each for each in self.performances if not self._is_sold_out(each)]
        return self.dice.choice(left or self.performances)

    def seat_map(self, performance: str, etag: str, body: bytes) -> SeatMap:
        """The map in an answer; one that is the same as the last is not read again."""
        known = self._maps.get(performance)
        if known is None or not etag or known.etag != etag:
            known = self._maps[performance] = SeatMap.of(etag, body)
        if not known.free:
            self._sold_out[performance] = time.monotonic()
        return known

    def _is_sold_out(self, performance: str, *, seconds: float = 10.0) -> bool:
        """Whether nothing was left a moment ago: seats come back."""
        return time.monotonic() - self._sold_out.get(performance, -seconds) < seconds

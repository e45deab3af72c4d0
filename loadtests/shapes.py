"""How many users there are at each moment of a run, and who they are. No I/O: `locustfile.py` lets locust follow it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Curve = Callable[[float], float]
"""The share of the users that are there, by the share of the time that is over (both 0 to 1)."""

RAMP_STEPS = 8
EVERYDAY = {"Visitor": 60.0, "Buyer": 36.0, "Organiser": 4.0}
SALE_NIGHT = {"Visitor": 20.0, "Buyer": 55.0, "Scalper": 25.0}


@dataclass(frozen=True, slots=True)
class Shape:
    """A load: how long it lasts unless told otherwise (seconds), its curve, who comes in which proportion.

    `rush` is the share of the buyers who want the one performance that everybody wants.
    """

    name: str
    purpose: str
    seconds: float
    curve: Curve
    crowd: Mapping[str, float]
    rush: float = 0.0

    def users_at(self, elapsed: float, *, users: int, seconds: float | None) -> int | None:
        """How many of `users` there are `elapsed` seconds after the start; None when it is over.

        Without `seconds` it goes on until somebody stops it, at the end of the curve.
        """
        if seconds is None:
            return max(1, round(users * self.curve(1.0)))
        if elapsed >= seconds:
            return None
        return max(1, round(users * self.curve(elapsed / seconds)))


def _steady(_: float) -> float:
    return 1.0


def _on_sale(time: float) -> float:
    """A few wait for the doors to open, then everybody is there at once, then they leave one after the other."""
    if time < 0.2:
        return 0.15
    if time < 0.7:
        return 1.0
    return 1.0 - 0.7 * (time - 0.7) / 0.3


def _ramp(time: float) -> float:
    """Equal steps: on each the tier comes to rest, so that the one on which it no longer keeps up can be told."""
    return min(RAMP_STEPS, int(time * RAMP_STEPS) + 1) / RAMP_STEPS


SHAPES = {
    shape.name: shape
    for shape in (
        Shape("steady", "an ordinary evening: everybody comes and stays", 60, _steady, EVERYDAY),
        Shape("on-sale", "the moment a big show goes on sale, with scalpers", 90, _on_sale, SALE_NIGHT, rush=0.7),
        Shape("ramp", "more and more until the tier no longer keeps up", 160, _ramp, EVERYDAY),
        Shape("soak", "an ordinary evening that lasts: does anything leak or slow down?", 3600, _steady, EVERYDAY),
    )
}

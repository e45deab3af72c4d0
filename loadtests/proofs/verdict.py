"""What follows from a record: figures, each with its bound, and whether all of them are within."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True)
class Figure:
    """`ok` None: no bound, worth knowing only."""

    name: str
    measured: str
    bound: str
    ok: bool | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict without a bounded figure says nothing, so it is not a good one."""

    figures: Sequence[Figure]

    @property
    def ok(self) -> bool:
        bounded = [figure.ok for figure in self.figures if figure.ok is not None]
        return bool(bounded) and all(bounded)

    @property
    def missed(self) -> list[str]:
        """The names of figures out of their bounds."""
        return [figure.name for figure in self.figures if figure.ok is False]


def at_most(name: str, measured: float, bound: float, unit: str = "") -> Figure:
    return Figure(name, shown(measured, unit), f"≤ {shown(bound, unit)}", measured <= bound)


def at_least(name: str, measured: float, bound: float, unit: str = "") -> Figure:
    return Figure(name, shown(measured, unit), f"≥ {shown(bound, unit)}", measured >= bound)


def none_of(name: str, found: Sequence[str]) -> Figure:
    """Nothing of what is listed may be; some of it is shown."""
    some = "; ".join(found[:3]) + ("; …" if len(found) > 3 else "")
    return Figure(name, f"{len(found)}: {some}" if found else "0", "0", not found)


def all_of(name: str, kept: int, of: int) -> Figure:
    """Every one, and there must be some."""
    return Figure(name, f"{kept} of {of}", "all", kept == of > 0)


def known(name: str, measured: str) -> Figure:
    """Without a bound."""
    return Figure(name, measured, "", None)


def shown(value: float, unit: str = "") -> str:
    """With as many digits as tell something."""
    if value == inf:
        return "never"
    digits = 0 if value == int(value) or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}{f' {unit}' if unit not in ('', '%') else unit}"

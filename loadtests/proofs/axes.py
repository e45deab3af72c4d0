"""What all pictures have in common: an SVG, scales, lines, the grid behind them."""

from collections.abc import Callable, Iterable
from html import escape
from math import ceil, floor, log10

WIDTH, LEFT, RIGHT, TOP = 960, 56, 30, 40
Scale = Callable[[float], float]


def grid(y: Scale, most: float, name: str, lines: int = 4) -> str:
    values = [most * number / lines for number in range(lines + 1)]
    parts = [
        line("grid", LEFT, y(value), WIDTH - RIGHT, y(value))
        + f'<text class="axis" x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g}</text>'
        for value in values
    ]
    return "".join(parts) + f'<text class="axis" x="{LEFT + 4}" y="{y(most) - 5:.1f}">{name}</text>'


def svg(width: float, height: float, title: str, parts: Iterable[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def line(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def scale(first: float, last: float, begin: float, end: float) -> Scale:
    return lambda value: begin + (value - first) / (last - first) * (end - begin)


def nice(value: float) -> float:
    """The next number that makes a good end of an axis of four parts."""
    magnitude = 10 ** floor(log10(value))
    return next(each * magnitude for each in (1, 2, 4, 6, 8, 10) if each * magnitude >= value - 1e-9) or ceil(value)

"""Lines over an axis, as SVG text."""

from collections.abc import Iterable, Sequence
from html import escape

from loadtests.proofs.axes import LEFT, RIGHT, TOP, WIDTH, Scale, grid, line, nice, scale, svg
from loadtests.proofs.exhibits import Chart

HEIGHT = 200
TICKS = 12
FEW = 30
"""So many points are shown as such, more are a line only."""


def chart(what: Chart) -> str:
    """The lines with a legend above, the axis from 0 below."""
    points = [point for each in what.lines.values() for point in each]
    most_x = max((x for x, _ in points), default=1.0) or 1.0
    most_y = nice(max([y for _, y in points] + [what.level or 0.0], default=0.0) or 1.0)
    x, y = scale(0, most_x, LEFT, WIDTH - RIGHT), scale(0, most_y, TOP + HEIGHT, TOP)
    parts = [grid(y, most_y, what.y), _ticks(x, most_x, what.x)]
    if what.span:
        begin, end = map(x, what.span)
        parts.append(f'<rect class="span" x="{begin:.1f}" y="{TOP}" width="{end - begin:.1f}" height="{HEIGHT}"/>')
    if what.level is not None:
        parts.append(line("bound", LEFT, y(what.level), WIDTH - RIGHT, y(what.level)))
    parts += [_drawn(number, each, x, y) for number, each in enumerate(what.lines.values())]
    parts.append(_legend(what.lines))
    return svg(WIDTH, TOP + HEIGHT + 40, what.caption, parts)


def _drawn(number: int, points: Sequence[tuple[float, float]], x: Scale, y: Scale) -> str:
    path = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in points)
    dots = "".join(
        f'<circle class="b{number}" cx="{x(a):.1f}" cy="{y(b):.1f}" r="4"><title>{b:,.4g}</title></circle>'
        for a, b in points
        if len(points) <= FEW
    )
    return f'<polyline class="curve c{number}" points="{path}"/>{dots}'


def _ticks(x: Scale, most: float, name: str) -> str:
    step = next(size for size in (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200) if most / size <= TICKS)
    bottom = TOP + HEIGHT + 16
    labels = [
        f'<text class="axis" x="{x(number * step):.1f}" y="{bottom}" text-anchor="middle">{number * step:g}</text>'
        for number in range(int(most / step) + 1)
    ]
    end = f'<text class="axis" x="{WIDTH - RIGHT}" y="{bottom + 18}" text-anchor="end">{escape(name)}</text>'
    return "".join([*labels, end])


def _legend(names: Iterable[str]) -> str:
    parts, at = [], float(LEFT)
    for number, name in enumerate(names):
        parts.append(
            f'<rect class="b{number}" x="{at:.0f}" y="6" width="11" height="11" rx="2"/>'
            f'<text class="label" x="{at + 16:.0f}" y="16">{escape(name)}</text>'
        )
        at += 7 * len(name) + 40
    return "".join(parts)

"""Pictures as SVG text. Colours are classes, so that the page decides about them, by day, by night and on paper.

Own code, because two kinds of plain pictures do not earn a plotting library: those draw into raster images, or bring
megabytes of script into a page that is to be one file and readable for ever.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby
from math import floor

from loadtests.proofs.axes import LEFT, RIGHT, TOP, WIDTH, Scale, grid, line, nice, scale, svg
from loadtests.proofs.exhibits import Bars, Timeline
from loadtests.proofs.traffic import done, has_failed, quantile
from loadtests.runs import Request

RATE_HEIGHT, FAILED_HEIGHT, TIMES_HEIGHT, GAP = 170, 22, 70, 26
BADGE = 11
COLOURS = 8
LEGEND_LINE = 18


def timeline(what: Timeline) -> str:
    """Three bands over one axis of time: requests a second, failures, the 95th percentile of the times."""
    length = max(what.ended - what.began, 1.0)
    width = bin_seconds(length)
    x = scale(0, length, LEFT, WIDTH - RIGHT)
    failed_top = TOP + RATE_HEIGHT + 4
    times_top = failed_top + FAILED_HEIGHT + GAP
    bottom = times_top + TIMES_HEIGHT
    names, bands = _bands(what, width)
    legend, legend_height = _band_legend(names, bottom + 32)
    parts = [
        legend,
        _rates(bands, names, x, width),
        _failures(what, x, failed_top),
        _times(what, x, width, times_top),
        _seconds(x, length, bottom),
        _marks(what, x, bottom),
    ]
    return svg(WIDTH, bottom + 24 + legend_height, what.caption, parts)


def bin_seconds(length: float) -> float:
    """How wide a bin is, for a picture of `length` seconds."""
    return 0.5 if length <= 30 else 1.0 if length <= 120 else 2.0


def bars(what: Bars) -> str:
    """Horizontal bars, each with a line at its bound and one at its ideal."""
    most = max(max(bar.value, bar.ideal) for bar in what.bars) or 1.0
    left, step = 150, 34
    x = scale(0, most, left, WIDTH - 90)
    parts = []
    for row, bar in enumerate(what.bars):
        top = 8 + row * step
        parts += [
            f'<text class="label" x="{left - 8}" y="{top + 15}" text-anchor="end">{escape(bar.label)}</text>',
            f'<rect class="b0" x="{left}" y="{top}" width="{x(bar.value) - left:.1f}" height="22" rx="2"/>',
            line("bound", x(bar.bound), top - 3, x(bar.bound), top + 25),
            line("ideal", x(bar.ideal), top - 3, x(bar.ideal), top + 25),
            f'<text class="label strong" x="{left + 8}" y="{top + 15}">{bar.value:,.0f} {escape(what.unit)}</text>',
        ]
    bottom = 8 + len(what.bars) * step + 12
    parts.append(
        f'<text class="note" x="{left}" y="{bottom}"><tspan class="boundtext">dashed</tspan>: what it must reach, '
        "solid: in proportion to the first</text>"
    )
    return svg(WIDTH, bottom + 8, what.caption, parts)


def _bands(what: Timeline, width: float) -> tuple[list[str], dict[str, Counter[int]]]:
    """Requests in each bin, by instance or by kind."""
    found: dict[str, Counter[int]] = defaultdict(Counter)
    for each in what.requests:
        if not has_failed(each):
            name = f"{each.method} {each.name}" if what.by_name else each.instance or "edge"
            found[name][floor((done(each) - what.began) / width)] += 1
    bins = floor((what.ended - what.began) / width)  # the last one is not full: it would look like a decline
    for counts in found.values():
        for late in [number for number in counts if not 0 <= number < bins]:
            del counts[late]
    return sorted(found), found


def _rates(bands: dict[str, Counter[int]], names: Sequence[str], x: Scale, width: float) -> str:
    bins = range(max((max(counts, default=0) for counts in bands.values()), default=0) + 1)
    totals = [sum(counts[number] for counts in bands.values()) / width for number in bins]
    most = nice(max(totals, default=0) or 1)
    y = scale(0, most, TOP + RATE_HEIGHT, TOP)
    parts = [grid(y, most, "requests/s")]
    floor_of = [0.0 for _ in bins]
    for index, name in enumerate(names):
        top_of = [below + bands[name][number] / width for below, number in zip(floor_of, bins, strict=True)]
        edge = _steps(top_of, x, y, width)
        back = _steps(floor_of, x, y, width)[::-1]
        points = " ".join(f"{a:.1f},{b:.1f}" for a, b in [*edge, *back])
        parts.append(f'<polygon class="b{index % COLOURS}" points="{points}"/>')
        floor_of = top_of
    return "".join(parts)


def _steps(values: Sequence[float], x: Scale, y: Scale, width: float) -> list[tuple[float, float]]:
    return [(x((number + side) * width), y(value)) for number, value in enumerate(values) for side in (0, 1)]


def _failures(what: Timeline, x: Scale, top: float) -> str:
    middle = top + FAILED_HEIGHT / 2
    parts = [
        f'<text class="axis" x="{LEFT - 8}" y="{middle + 4}" text-anchor="end">failed</text>',
        line("grid", LEFT, middle, WIDTH - RIGHT, middle),
    ]
    for each in what.requests:
        if has_failed(each):
            title = f"{each.method} {each.name}: {each.status or 'no answer'} {each.error}"
            at = x(min(max(done(each) - what.began, 0), what.ended - what.began))
            parts.append(
                f'<circle class="failed" cx="{at:.1f}" cy="{middle}" r="4"><title>{escape(title)}</title></circle>'
            )
    return "".join(parts)


def _times(what: Timeline, x: Scale, width: float, top: float) -> str:
    def bin_of(each: Request) -> int:
        return floor((done(each) - what.began) / width)

    bins = groupby(sorted(what.requests, key=bin_of), bin_of)
    p95 = {number: quantile([each.ms for each in group], 0.95) for number, group in bins}
    shown = {number: value for number, value in p95.items() if 0 <= number <= (what.ended - what.began) / width}
    most = nice(max(shown.values(), default=0) or 1)
    y = scale(0, most, top + TIMES_HEIGHT, top)
    points = " ".join(f"{x((number + 0.5) * width):.1f},{y(value):.1f}" for number, value in sorted(shown.items()))
    return grid(y, most, "p95 ms", lines=2) + f'<polyline class="times" points="{points}"/>'


def _marks(what: Timeline, x: Scale, bottom: float) -> str:
    parts, last = [], 0.0
    for number, mark in enumerate(what.marks, 1):
        if not what.began <= mark.at <= what.ended:
            continue
        at = x(mark.at - what.began)
        badge = max(at, last + 18)  # those of the same moment stand side by side
        last = badge
        parts += [
            line("mark", at, 20, at, bottom),
            f'<circle class="badge" cx="{badge:.1f}" cy="{BADGE}" r="8.5"/>'
            f'<text class="badgetext" x="{badge:.1f}" y="{BADGE + 3.5}" text-anchor="middle">{number}'
            f"<title>{escape(mark.what)}</title></text>",
        ]
    return "".join(parts)


def _seconds(x: Scale, length: float, bottom: float) -> str:
    step = next(step for step in (1, 2, 5, 10, 20, 30, 60, 120, 300) if length / step <= 14)
    return "".join(
        f'<text class="axis" x="{x(second):.1f}" y="{bottom + 16}" text-anchor="middle">{second} s</text>'
        for second in range(0, int(length) + 1, step)
    )


def _band_legend(names: Iterable[str], top: float) -> tuple[str, float]:
    """The names of the bands, in as many lines as they take; and how high these are together."""
    parts, at, line_top = [], float(LEFT), top
    for index, name in enumerate(names):
        width = 7 * len(name) + 30
        if at + width > WIDTH and at > LEFT:
            at, line_top = float(LEFT), line_top + LEGEND_LINE
        parts.append(
            f'<rect class="b{index % COLOURS}" x="{at:.0f}" y="{line_top}" width="11" height="11" rx="2"/>'
            f'<text class="label" x="{at + 15:.0f}" y="{line_top + 10}">{escape(name)}</text>'
        )
        at += width
    return "".join(parts), line_top + LEGEND_LINE - top if parts else 0.0

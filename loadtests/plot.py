"""A run over time as SVG: requests a second, and the time in which 95 % of them were answered."""

from collections.abc import Sequence

from loadtests.figures import Slice

WIDTH, HEIGHT, MARGIN = 900, 150, 40


def plot(timeline: Sequence[Slice]) -> str:
    """Two curves below each other, with the same seconds."""
    if len(timeline) < 2:
        return ""
    rates = [each.rate for each in timeline]
    failed = [each.timing.failed / each.seconds for each in timeline]
    lates = [each.timing.p95 for each in timeline]
    seconds = timeline[-1].begins + timeline[-1].seconds
    return (
        f'<svg viewBox="0 0 {WIDTH + MARGIN} {2 * (HEIGHT + MARGIN)}" role="img" aria-label="The run over time">'
        + _curve(rates, "requests/s", "#2563eb", 0)
        + _curve(failed, "", "#dc2626", 0, top=max(rates))
        + _curve(lates, "95 % within, ms", "#b45309", HEIGHT + MARGIN)
        + f'<text x="{WIDTH}" y="{2 * HEIGHT + 2 * MARGIN - 4}" text-anchor="end" font-size="12" '
        f'fill="currentColor">{seconds:.0f} s</text></svg>'
    )


def _curve(values: Sequence[float], label: str, colour: str, y: float, *, top: float | None = None) -> str:
    highest = top or max(values) or 1.0
    base = y + HEIGHT + 20
    points = " ".join(
        f"{WIDTH * number / (len(values) - 1):.1f},{base - HEIGHT * value / highest:.1f}"
        for number, value in enumerate(values)
    )
    words = f"{label}, at most {highest:.0f}" if label else ""
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        f'<text x="0" y="{y + 12}" font-size="12" fill="{colour}">{words}</text>'
    )

"""The report of a run: `report.json` has everything, `report.html` is for people."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path
from typing import Any

from loadtests.figures import Figures, Knee
from loadtests.objectives import Verdict
from loadtests.plot import plot
from loadtests.record import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`about` says what was run on what: shape, users, tier, engine, versions. `cpu` are seconds by process."""

    about: dict[str, Any]
    figures: Figures
    verdicts: list[Verdict]
    knee: Knee | None
    cpu: dict[str, float]

    @property
    def missed(self) -> list[Verdict]:
        return [each for each in self.verdicts if not each.kept]

    def to_json(self) -> dict[str, Any]:
        return {
            "kept": not self.missed,
            "about": self.about,
            "objectives": [
                {**asdict(each.objective), "measured": each.measured, "kept": each.kept} for each in self.verdicts
            ],
            "figures": self.figures.to_json(),
            "knee": asdict(self.knee) if self.knee else None,
            "cpu_seconds": self.cpu,
        }

    def write(self, folder: Path) -> None:
        (folder / "report.json").write_text(json.dumps(self.to_json(), indent=2))
        (folder / "report.html").write_text(self.to_html())

    def to_html(self) -> str:
        figures, orders = self.figures, self.figures.orders
        verdict = "All objectives are kept" if not self.missed else f"{len(self.missed)} objectives are missed"
        endings = ", ".join(f"{count} {name}" for name, count in orders.endings.items()) or "none"
        parts = [
            f"<h1>{escape(verdict)}</h1>",
            "<p>" + " · ".join(escape(f"{name} {value}") for name, value in self.about.items() if value) + "</p>",
            f"<p>{figures.all.count} requests in {figures.seconds:.0f} s, {figures.rate:.1f} a second, "
            f"{figures.all.failed} failed, {figures.all.refused} told to come back. "
            f"{orders.accepted} orders accepted: {escape(endings)}; 95 % over within {orders.p95:.2f} s.</p>",
            self._knee(),
            plot(figures.timeline),
            "<h2>Objectives</h2><ul>",
            *(f'<li class="{"kept" if each.kept else "missed"}">{escape(str(each))}</li>' for each in self.verdicts),
            "</ul>",
            "<h2>Requests</h2>",
            _table(
                ("", "count", "failed", "503", "p50 ms", "p95 ms", "p99 ms", "longest ms"),
                ((name, *_cells(asdict(timing).values())) for name, timing in figures.names.items()),
            ),
            "<h2>The slowest</h2>",
            _traces(figures.slowest),
            "<h2>Failed</h2>",
            _traces(figures.failed) if figures.failed else "<p>None.</p>",
            "<p>A trace id finds what the processes said about a request: <code>make logs | grep TRACE</code>.</p>",
            "<h2>Who answered, and what it cost</h2>",
            _table(("instance", "requests"), ((name, str(count)) for name, count in figures.instances.items())),
            _table(("process", "CPU seconds"), ((name, f"{spent:.1f}") for name, spent in self.cpu.items())),
            '<p><a href="locust.html">Locust\'s own report</a> · <a href="report.json">everything as JSON</a> · '
            '<a href="requests.csv">every request</a> · <a href="orders.csv">every order</a></p>',
        ]
        return f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Load</title>{STYLE}{"".join(parts)}</html>'

    def _knee(self) -> str:
        if self.knee is None:
            return ""
        where = "The knee is at" if self.knee.found else "It kept up to the end: the knee is beyond"
        return (
            f"<p>{where} {self.knee.users} users: {self.knee.rate:.1f} requests a second, "
            f"95 % within {self.knee.p95:.0f} ms.</p>"
        )


STYLE = """<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
td, th { padding: .2rem .8rem .2rem 0; text-align: right; border-bottom: 1px solid #ddd; }
td:first-child, th:first-child { text-align: left; }
code { font-size: .85em; } svg { width: 100%; height: auto; }
.missed { color: #b00020; font-weight: 600; } .kept::marker { content: "✓ "; } .missed::marker { content: "✗ "; }
@media (prefers-color-scheme: dark) { body { background: #16181c; color: #ddd; } .missed { color: #ff8a80; }
a { color: #9ecbff; } td, th { border-color: #444; } }
</style>"""


def _cells(values: Iterable[float]) -> list[str]:
    return [f"{value:.0f}" for value in values]


def _traces(requests: Sequence[Request]) -> str:
    rows = (
        (f"{each.method} {each.name}", f"{each.ms:.0f}", str(each.status), each.instance, each.trace, each.error)
        for each in requests
    )
    return _table(("", "ms", "status", "instance", "trace id", "error"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(kind: str, cells: Iterable[str]) -> str:
        return "<tr>" + "".join(f"<{kind}>{escape(cell)}</{kind}>" for cell in cells) + "</tr>"

    return "<table>" + line("th", head) + "".join(line("td", row) for row in rows) + "</table>"

"""The report: one HTML file that needs nothing else, and the same as JSON."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from loadtests.proofs import charts, drawing
from loadtests.proofs.exhibits import Bars, Chart, Exhibit, Table, Timeline
from loadtests.proofs.record import Mark
from loadtests.proofs.verdict import Figure, Verdict

CSS = Path(__file__).with_name("report.css")


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """A claim that was put to the test. It began at `began` (unix seconds); `seconds` is how long it took
    with all that had to be made ready; `error` says why there is no verdict.
    """

    name: str
    title: str
    promise: str
    method: str
    began: float
    seconds: float
    marks: Sequence[Mark] = ()
    requests: int = 0
    failed: int = 0
    exhibits: Sequence[Exhibit] = ()
    verdict: Verdict = field(default_factory=lambda: Verdict(()))
    error: str = ""

    @property
    def ok(self) -> bool:
        return self.verdict.ok and not self.error

    def to_json(self) -> dict[str, Any]:
        marks = [{"second": round(mark.at - self.began, 3), "what": mark.what} for mark in self.marks]
        return {
            **{name: getattr(self, name) for name in ("name", "title", "promise", "method", "ok", "error")},
            "seconds": round(self.seconds, 1),
            "requests": self.requests,
            "failed": self.failed,
            "figures": [asdict(figure) for figure in self.verdict.figures],
            "marks": marks,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`about` is what was proven on: machine, engine, commit. `claims` are the names of all that could be put to the
    test: a report on some of them is a file of its own. `left_out` says of the others what they need.
    """

    tier: str
    claims: Sequence[str]
    about: Mapping[str, str]
    began: float
    ended: float
    proofs: Sequence[Proof]
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return bool(self.proofs) and all(proof.ok for proof in self.proofs)

    def write(self, folder: Path) -> Path:
        """`<tier>.html` or `<tier>-<claims>.html`, which it answers, and the same as `.json` beside it."""
        folder.mkdir(parents=True, exist_ok=True)
        head = {"tier": self.tier, "ok": self.ok, "began": _time(self.began), "seconds": round(self._seconds, 1)}
        content = {**head, "about": dict(self.about), "claims": [proof.to_json() for proof in self.proofs]}
        content |= {"left_out": dict(self.left_out)}
        page = folder / f"{'-'.join([self.tier, *self._chosen])}.html"
        page.write_text(self._html(), encoding="utf-8")
        text = json.dumps(content, indent=2, ensure_ascii=False)
        page.with_suffix(".json").write_text(f"{text}\n", encoding="utf-8")
        return page

    @property
    def _chosen(self) -> list[str]:
        """The claims, when they are not all that there are."""
        names = [proof.name for proof in self.proofs]
        return [] if set(names) == set(self.claims) else names

    @property
    def _seconds(self) -> float:
        return self.ended - self.began

    def _html(self) -> str:
        held = sum(proof.ok for proof in self.proofs)
        about = {"when": _time(self.began), "took": f"{self._seconds:.0f} s", **self.about}
        facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in about.items())
        part = f" ({', '.join(self._chosen)})" if self._chosen else ""
        title = f"The {self.tier} tier{part}: {'proven' if self.ok else 'not proven'}"
        return (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<style>{CSS.read_text(encoding='utf-8')}</style></head><body><main>"
            f"<header><h1>{escape(title)}</h1>"
            f'<p class="lead">{held} of {len(self.proofs)} claims hold. Each was put to the test on a tier that ran, '
            "and that was disturbed on purpose. What follows is what happened.</p>"
            f'<dl class="about">{facts}</dl></header>{_overview(self.proofs)}{_left_out(self.left_out)}'
            f"{''.join(_section(proof) for proof in self.proofs)}"
            "<footer>Every figure with a bound decides; the verdict of a claim is that all of them are within. "
            "Failed is a request without an answer, or with a status of 500 and above.</footer></main></body></html>\n"
        )


def _overview(proofs: Sequence[Proof]) -> str:
    rows = "".join(
        f'<tr><td>{_badge(proof)}</td><td><a href="#{proof.name}">{escape(proof.title)}</a></td>'
        f'<td class="number">{f"{proof.requests:,}" if proof.requests else ""}</td>'
        f'<td class="number">{proof.failed if proof.requests else ""}</td>'
        f'<td class="number">{proof.seconds:.0f} s</td></tr>'
        for proof in proofs
    )
    head = "<tr><th>verdict</th><th>claim</th><th>requests</th><th>failed</th><th>took</th></tr>"
    return f'<table class="overview"><thead>{head}</thead><tbody>{rows}</tbody></table>'


def _left_out(needs: Mapping[str, str]) -> str:
    lines = "".join(f"<li><b>{escape(name)}</b> needs {escape(what)}</li>" for name, what in needs.items())
    return f"<p>Not put to the test here:</p><ul>{lines}</ul>" if lines else ""


def _section(proof: Proof) -> str:
    error = f'<pre class="error">{escape(proof.error)}</pre>' if proof.error else ""
    return (
        f'<section id="{proof.name}"><h2>{_badge(proof)} {escape(proof.title)}</h2>'
        f'<p class="promise">{escape(proof.promise)}</p>{error}{_figures(proof.verdict.figures)}'
        f"{_exhibits(proof)}"
        f"<details open><summary>How it is measured</summary><p>{escape(proof.method.strip())}</p></details>"
        "</section>"
    )


def _figures(figures: Sequence[Figure]) -> str:
    if not figures:
        return ""
    signs = {True: ("ok", "✓"), False: ("no", "✗"), None: ("", "")}
    rows = "".join(
        f'<tr class="{signs[figure.ok][0]}"><td class="sign">{signs[figure.ok][1]}</td><td>{escape(figure.name)}</td>'
        f"<td>{escape(figure.measured)}</td><td>{escape(figure.bound)}</td></tr>"
        for figure in figures
    )
    return (
        '<table class="figures"><thead><tr><th></th><th>figure</th><th>measured</th><th>bound</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _exhibits(proof: Proof) -> str:
    """What was done stands below the picture that has its numbers."""
    steps = "".join(
        f'<li><span class="when">{mark.at - proof.began:+.1f} s</span> {escape(mark.what)}</li>' for mark in proof.marks
    )
    steps = f'<ol class="steps">{steps}</ol>' if steps else ""
    if not any(isinstance(each, Timeline) for each in proof.exhibits):
        return steps + "".join(map(_exhibit, proof.exhibits))
    return "".join(_exhibit(each) + (steps if isinstance(each, Timeline) else "") for each in proof.exhibits)


def _exhibit(exhibit: Exhibit) -> str:
    caption = f"<figcaption>{escape(exhibit.caption)}</figcaption>"
    match exhibit:
        case Timeline():
            return f"<figure>{drawing.timeline(exhibit)}{caption}</figure>"
        case Bars():
            return f"<figure>{drawing.bars(exhibit)}{caption}</figure>"
        case Chart():
            return f"<figure>{charts.chart(exhibit)}{caption}</figure>"
        case Table():
            head = "".join(f"<th>{escape(name)}</th>" for name in exhibit.head)
            rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in exhibit.rows)
            return f"<figure><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{caption}</figure>"


def _badge(proof: Proof) -> str:
    return '<span class="badge ok">holds</span>' if proof.ok else '<span class="badge no">fails</span>'


def _time(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at))

"""The report as a file."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from loadtests.proofs.exhibits import Bar, Bars, Chart, Table, Timeline
from loadtests.proofs.record import Mark
from loadtests.proofs.report import Proof, Report
from loadtests.proofs.verdict import Verdict, at_most, known, none_of
from loadtests.runs import Request

VOID = {"meta", "rect", "line", "circle", "polyline", "polygon"}
REQUESTS = [
    Request(100.0 + number / 10, 8.0, "GET", "/api/shows", 503 if number == 70 else 200, "app-1", "catalog", "", "")
    for number in range(200)
]
GOOD = Proof(
    name="kill",
    title="It <goes> on",
    promise="Promise 7",
    method="By looking.",
    began=100.0,
    seconds=25.0,
    marks=[Mark(105.0, "killed app-1"), Mark(105.1, "app-1 & all is gone")],
    requests=200,
    failed=1,
    exhibits=[
        Timeline(caption="Requests", began=100.0, ended=120.0, requests=REQUESTS, marks=[Mark(105.0, "killed app-1")]),
        Timeline(caption="Nothing", began=100.0, ended=100.0, requests=[], marks=[]),
        Bars(caption="Rates", unit="/s", bars=[Bar("1 instance", 50, 50, 40)]),
        Chart(
            caption="Waiting", x="seconds", y="orders", lines={"a": [(0, 1), (9, 4)], "b & c": []}, span=(1, 2), level=3
        ),
        Chart(caption="No line", x="seconds", y="orders", lines={}),
        Table(caption="Asked", head=("a", "b"), rows=[("<script>", "1")]),
    ],
    verdict=Verdict((none_of("failed requests", []), known("took", "3 s"))),
)


class Balanced(HTMLParser):
    """Keeps the elements that are open, and what the page refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.references: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.references += [value for name, value in attributes if name in ("href", "src") and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert tag in VOID or self.open.pop() == tag


def written(folder: Path, *proofs: Proof) -> tuple[str, dict[str, Any]]:
    page = Report(
        tier="startup", claims=["kill"], about={"engine": "local"}, began=90.0, ended=130.0, proofs=proofs
    ).write(folder)
    return page.read_text(), json.loads(page.with_suffix(".json").read_text())


def test_one_file_that_needs_nothing_else(tmp_path: Path) -> None:
    page, _ = written(tmp_path, GOOD)

    parser = Balanced()
    parser.feed(page)
    assert parser.open == []
    assert parser.references == ["#kill"]
    assert not re.search(r"url\(|@import|<script|<link", page)
    assert "It &lt;goes&gt; on" in page


def test_page_and_json_say_the_same(tmp_path: Path) -> None:
    page, content = written(tmp_path, GOOD)

    assert content["ok"]
    assert "The startup tier: proven" in page
    (claim,) = content["claims"]
    assert claim["figures"][0] == {"name": "failed requests", "measured": "0", "bound": "0", "ok": True}
    assert claim["marks"][0] == {"second": 5.0, "what": "killed app-1"}


def test_one_figure_out_of_its_bound_is_enough(tmp_path: Path) -> None:
    late = replace(GOOD, verdict=Verdict((*GOOD.verdict.figures, at_most("until it takes part", 6, 5, "s"))))

    page, content = written(tmp_path, GOOD, late)

    assert not content["ok"]
    assert "not proven" in page
    assert "1 of 2 claims hold" in page


def test_a_claim_that_broke_off_is_not_proven(tmp_path: Path) -> None:
    page, content = written(tmp_path, replace(GOOD, error="TimeoutError: not so within 60 s"))

    assert not content["ok"]
    assert "TimeoutError" in page


def test_some_claims_are_a_report_of_their_own(tmp_path: Path) -> None:
    about = {"engine": "local"}
    report = Report(tier="startup", claims=["add", "kill"], about=about, began=90.0, ended=130.0, proofs=[GOOD])

    page = report.write(tmp_path)

    assert page.name == "startup-kill.html"
    assert "The startup tier (kill): proven" in page.read_text()


def test_what_was_not_put_to_the_test_is_told(tmp_path: Path) -> None:
    needs = {"swap": "a <Go> toolchain"}
    report = Report(tier="growth", claims=["kill"], about={}, began=90.0, ended=130.0, proofs=[GOOD], left_out=needs)

    page = report.write(tmp_path)

    assert page.name == "growth.html"
    assert "<b>swap</b> needs a &lt;Go&gt; toolchain" in page.read_text()
    assert json.loads(page.with_suffix(".json").read_text())["left_out"] == needs


def test_no_claim_proves_nothing(tmp_path: Path) -> None:
    _, content = written(tmp_path)

    assert not content["ok"]

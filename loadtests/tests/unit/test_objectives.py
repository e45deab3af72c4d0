"""Objectives: read, judged, and said in words."""

from pathlib import Path

import pytest

from loadtests.figures import Figures
from loadtests.objectives import DEFAULT, BadObjectives, Objective, judge, load_objectives
from loadtests.record import Order, Request
from loadtests.report import Report
from loadtests.shapes import SHAPES

REQUESTS = [
    Request(float(n), 100.0 + n, "GET", "/api/shows", 200, "app-1", "catalog", "", f"{n:032}") for n in range(100)
]
HOLD = Request(5.0, 20.0, "POST", "/api/holds", 201, "app-1", "seats", "", "f" * 32)
FAILED = Request(50.0, 9.0, "GET", "/", 0, "", "", "HTTPConnectionClosed: <b>", "e" * 32)


def write(folder: Path, text: str) -> Path:
    path = folder / "objectives.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("shape", SHAPES)
def test_the_defaults_are_readable_for_each_shape(shape: str) -> None:
    found = load_objectives(DEFAULT, shape)
    assert Objective("all", "failed", 0.001) in found
    assert any(each.subject == "POST /api/orders" for each in found)
    assert any(each.figure == "knee" for each in found) == (shape == "ramp")
    assert any(each.figure == "drift" for each in found) == (shape == "soak")


def test_a_shape_says_what_is_different(tmp_path: Path) -> None:
    path = write(tmp_path, "[every]\nall = { p95 = 100, p99 = 200 }\n[on-sale]\nall = { p95 = 900 }\n")
    assert load_objectives(path, "on-sale") == [Objective("all", "p95", 900), Objective("all", "p99", 200)]
    assert load_objectives(path, "steady") == [Objective("all", "p95", 100), Objective("all", "p99", 200)]


@pytest.mark.parametrize(
    "text",
    [
        "[every]\nall = { p96 = 1 }",
        "[every]\norders = { p95 = 1 }",
        '[every]\n"GET /" = { p95 = 1 }',
        '[every]\nall = { p95 = "fast" }',
        "[every",
    ],
)
def test_what_makes_no_sense_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadObjectives, match=r"objectives\.toml"):
        load_objectives(write(tmp_path, text), "steady")


def test_a_miss_says_by_how_much_and_what_to_look_at() -> None:
    (verdict,) = judge([Objective("GET /api/shows", "p95", 150)], Figures.of(REQUESTS, []), REQUESTS, users=1)
    assert not verdict.kept
    assert str(verdict).startswith("GET /api/shows: p95 is 194 ms, at most 150 ms: missed by 44 ms. Look at ")


def test_shares_and_counts_are_judged_the_right_way_round() -> None:
    requests = [*REQUESTS, HOLD, FAILED]
    orders = [Order(1.0, "one", "confirmed", 2.0, "", ""), Order(2.0, "two", "", 0.0, "", "")]
    objectives = [
        Objective("all", "failed", 0.001),
        Objective("all", "failed", 0.02),
        Objective("orders", "accepted", 2),
        Objective("orders", "accepted", 3),
        Objective("orders", "open", 0),
        Objective("orders", "over_p95", 2),
    ]
    verdicts = judge(objectives, Figures.of(requests, orders), requests, users=1)
    assert [each.kept for each in verdicts] == [False, True, True, False, False, True]


def test_who_buys_nothing_owes_no_orders() -> None:
    (verdict,) = judge([Objective("orders", "accepted", 1)], Figures.of(REQUESTS, []), REQUESTS, users=1)
    assert verdict.kept
    assert "not measured" in str(verdict)


def test_the_report_names_traces_and_escapes_what_servers_say(tmp_path: Path) -> None:
    requests = [*REQUESTS, FAILED]
    figures = Figures.of(requests, [])
    verdicts = judge([Objective("all", "failed", 0)], figures, requests, users=1)
    report = Report(about={"shape": "steady"}, figures=figures, verdicts=verdicts, knee=None, cpu={})
    report.write(tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert FAILED.trace in page
    assert "<b>" not in page
    assert max(REQUESTS, key=lambda each: each.ms).trace in page
    assert '"kept": false' in (tmp_path / "report.json").read_text()

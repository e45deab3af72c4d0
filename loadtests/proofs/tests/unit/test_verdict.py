"""Figures and verdicts."""

from loadtests.proofs.verdict import Verdict, all_of, at_least, at_most, known, none_of


def test_a_verdict_is_good_when_every_figure_is_within_its_bound() -> None:
    assert Verdict((at_most("pause", 2, 2), at_least("share", 0.3, 0.25), known("took", "3 s"))).ok
    verdict = Verdict((at_most("pause", 2.01, 2), at_least("share", 0.3, 0.25)))
    assert not verdict.ok
    assert verdict.missed == ["pause"]


def test_what_has_no_bound_proves_nothing() -> None:
    assert not Verdict(()).ok
    assert not Verdict((known("took", "3 s"),)).ok


def test_all_of_nothing_is_not_all() -> None:
    assert all_of("carts", 8, 8).ok
    assert not all_of("carts", 7, 8).ok
    assert not all_of("carts", 0, 0).ok


def test_what_must_not_be_is_shown() -> None:
    assert none_of("failed", []).ok
    figure = none_of("failed", ["one", "two", "three", "four"])
    assert not figure.ok
    assert figure.measured == "4: one; two; three; …"


def test_never_is_later_than_any_bound() -> None:
    figure = at_most("until it takes part", float("inf"), 5, "s")
    assert not figure.ok
    assert figure.measured == "never"

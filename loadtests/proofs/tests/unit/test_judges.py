"""Each judge is handed a record of a good run, and records of runs in which one thing went wrong."""

import pytest

from loadtests.proofs import otherstack
from loadtests.proofs.claim import Claim
from loadtests.proofs.claims import CLAIMS, goodput, missing
from loadtests.proofs.tests import growth_runs, startup_runs
from loadtests.proofs.tests.records import Change, missed_of, name_of, with_facts

RUNS = {"startup": startup_runs, "growth": growth_runs}
GOOD = {**startup_runs.GOOD, **growth_runs.GOOD}
BROKEN = [*startup_runs.BROKEN, *growth_runs.BROKEN]


@pytest.mark.parametrize("claim", GOOD, ids=name_of)
def test_a_good_run_is_good(claim: Claim) -> None:
    verdict = claim.judge(GOOD[claim])

    assert verdict.ok, verdict.missed
    assert claim.show(GOOD[claim])
    assert all((claim.title, claim.promise, claim.method))


@pytest.mark.parametrize(
    ("claim", "what", "change", "missed"), BROKEN, ids=[f"{name_of(claim)}: {what}" for claim, what, *_ in BROKEN]
)
def test_a_broken_run_is_seen(claim: Claim, what: str, change: Change, missed: set[str]) -> None:
    assert missed_of(claim, change, GOOD[claim]) == missed


def test_of_loads_that_were_measured_again_the_best_counts() -> None:
    good, late = growth_runs.curve(10, 20, 20, 19, 18), growth_runs.curve(10, 20, 20, 19, 12)
    again = with_facts(steps=[*late.facts.steps, *good.facts.steps[-1:]], drained=6)(late)

    assert goodput.judge(again).ok
    assert not goodput.judge(late).ok


@pytest.mark.parametrize("tier", CLAIMS)
def test_every_claim_is_judged_here(tier: str) -> None:
    assert set(RUNS[tier].GOOD) == set(CLAIMS[tier].values())


def test_a_claim_that_takes_what_is_not_here_says_what(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(otherstack, "missing", lambda: "a Go toolchain")

    assert missing("kill", "compose") == ""
    assert missing("swap", "local") == "a Go toolchain"
    assert missing("autoscaling", "kubernetes") == ""
    assert missing("autoscaling", "local").startswith("the kubernetes engine")

"""What is claimed of each tier, by the names that CLAIM= knows, in the order in which it is proven."""

from collections.abc import Callable, Mapping

from loadtests.proofs import otherstack
from loadtests.proofs.claim import Claim
from loadtests.proofs.claims import (
    add,
    autoscaling,
    database,
    deploy,
    faults,
    goodput,
    grow,
    kill,
    later,
    rolling,
    rotation,
    site,
    swap,
    tls,
)

STARTUP: Mapping[str, Claim] = {
    "add": add,
    "grow": grow,
    "kill": kill,
    "rolling": rolling,
    "faults": faults,
    "tls": tls,
    "site": site,
    "database": database,  # last: it leaves the tier down
}

GROWTH: Mapping[str, Claim] = {
    "autoscaling": autoscaling,
    "slow": later.slow,
    "away": later.away,
    "broker": later.broker,
    "rotation": rotation,
    "deploy": deploy,
    "goodput": goodput,
    "swap": swap,  # last: what was charged by another program is in no book that the next claim could look into
}

CLAIMS: Mapping[str, Mapping[str, Claim]] = {"startup": STARTUP, "growth": GROWTH}


def _only(engine: str, why: str) -> Callable[[str], str]:
    return lambda name: "" if name == engine else f"the {engine} engine, {why}"


NEEDS: Mapping[str, Callable[[str], str]] = {
    "autoscaling": _only("kubernetes", "which has an autoscaler"),
    "swap": lambda _engine: otherstack.missing(),
    "goodput": _only("local", "whose edge bounds what each instance has to do"),
}
"""What is missing for a claim on an engine, in words; empty when nothing is."""


def missing(claim: str, engine: str) -> str:
    """In words what is not here that this claim takes."""
    return NEEDS[claim](engine) if claim in NEEDS else ""

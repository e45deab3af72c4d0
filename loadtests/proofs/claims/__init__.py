"""What is claimed of each tier, by the names that CLAIM= knows, in the order in which it is proven."""

from collections.abc import Mapping

from loadtests.proofs.claim import Claim
from loadtests.proofs.claims import (
    add,
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
    "slow": later.slow,
    "away": later.away,
    "broker": later.broker,
    "rotation": rotation,
    "deploy": deploy,
    "goodput": goodput,
}

CLAIMS: Mapping[str, Mapping[str, Claim]] = {"startup": STARTUP, "growth": GROWTH}

"""Instances come with the load and go with it, unnoticed."""

import asyncio
import time
from pathlib import Path

import pytest

from chassis.testing import eventually
from engines.kubernetes.pods import APP
from loadtests.figures import Figures
from loadtests.objectives import Objective, judge
from loadtests.runs import Load
from support.books import Books
from support.promises import Promises
from support.release import Release
from support.stack import LOOK_SECONDS, Stack
from support.tier import Tier

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]

REACTS_SECONDS = 60
"""From the first requests of a spike to the first new instance that is wanted."""
STARTS_SECONDS = 60
CALM_SECONDS = 15
GOES_SECONDS = 180
SCALING = {"enabled": True, "min": 1, "max": 2, "cpu": 80, "memory": None, "scaleDownSeconds": CALM_SECONDS}
REQUESTS = {"cpu": "50m", "memory": "96Mi"}
"""More than an idle instance needs, and less than one takes to which many people come."""
MANY = 16


async def test_a_spike_brings_instances_and_calm_takes_them(
    stack: Stack, tier: Tier, release: Release, books: Books, tmp_path: Path
) -> None:
    """Seats alone is scaled here, from one instance: people look at seat maps, hold and buy."""

    async def wanted() -> int:
        scaler = await asyncio.to_thread(release.cluster.get, "hpa", f"{APP}-seats")
        return int(scaler["status"].get("desiredReplicas", 0))

    async def running() -> int:
        return len(await stack.those_of("seats"))

    def spike() -> Load:
        organiser = (tier.organiser, tier.organiser_password)
        folder, people = tmp_path / "run", tmp_path / "people"
        return Load.start(
            url=tier.url, ca=tier.ca, folder=folder, users=MANY, think=0.3, organiser=organiser, people=people
        )

    await release.change("seats", {"autoscaling": SCALING, "resources": {"requests": REQUESTS}})
    try:
        await eventually(running, lambda number: number == 1, seconds=GOES_SECONDS, pause=LOOK_SECONDS)
        with await asyncio.to_thread(spike) as load:
            await asyncio.to_thread(load.until_running)
            began = time.monotonic()
            await eventually(wanted, lambda number: number == 2, seconds=REACTS_SECONDS, pause=LOOK_SECONDS)
            print(f"a second instance was wanted after {time.monotonic() - began:.0f} s")
            await eventually(running, lambda number: number == 2, seconds=STARTS_SECONDS, pause=LOOK_SECONDS)
            await stack.until_ready()
            await asyncio.to_thread(load.stop)
        calm = time.monotonic()
        await eventually(running, lambda number: number == 1, seconds=GOES_SECONDS, pause=LOOK_SECONDS)
        print(f"it went {time.monotonic() - calm:.0f} s after the last request")
    finally:
        await release.back()

    requests, orders = load.requests(), load.orders()
    figures = Figures.of(requests, orders)
    demanded = [Objective("all", "failed", 0.0), Objective("orders", "accepted", 1), Objective("orders", "open", 0)]
    assert [str(each) for each in judge(demanded, figures, requests, MANY) if not each.kept] == []
    await Promises(books).kept([])

"""Instances come with the load and go with it, unnoticed."""

import asyncio
import json
import time

import pytest

from chassis.testing import eventually
from engines.kubernetes.pods import APP
from support.crowd import Crowd
from support.promises import Promises
from support.release import Release
from support.stack import Stack
from support.unnoticed import check_unnoticed

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]

REACTS_SECONDS = 60
"""From the first request of a spike to the first new instance that is wanted."""
CALM_SECONDS = 15


async def test_a_spike_brings_instances_and_calm_takes_them(
    stack: Stack, release: Release, crowd: Crowd, promises: Promises
) -> None:
    """Seats alone is scaled here, from one instance, by a target that a few people exceed."""
    scaling = {"enabled": True, "min": 1, "max": 3, "cpu": 20, "memory": None, "scaleDownSeconds": CALM_SECONDS}

    async def wanted() -> int:
        scaler = json.loads(
            await asyncio.to_thread(release.cluster.kubectl, "get", "hpa", f"{APP}-seats", "-o", "json")
        )
        return int(scaler["status"].get("desiredReplicas", 0))

    async def running() -> int:
        return len(await stack.those_of("seats"))

    began = time.monotonic()
    await release.change("seats", {"autoscaling": scaling})
    try:
        await eventually(wanted, lambda number: number >= 2, seconds=REACTS_SECONDS * 2)
        print(f"an instance more was wanted after {time.monotonic() - began:.0f} s")
        await eventually(running, lambda number: number >= 2, seconds=60)
        await crowd.until_accepted(3)
        await crowd.stop()
        await eventually(running, lambda number: number == 1, seconds=240)
    finally:
        await release.back()
    check_unnoticed(crowd)
    await promises.kept(crowd.accepted)

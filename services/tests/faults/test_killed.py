"""Kill -9, one process after the other, while orders flow: nothing is lost, nothing is sold or charged twice."""

import pytest

from support.books import SERVICES
from support.crowd import NO_ANSWER, Crowd
from support.promises import Promises
from support.stack import Stack

pytestmark = pytest.mark.faults

BAD_GATEWAY, UNAVAILABLE = 502, 503


@pytest.mark.twice  # see test_away.py
@pytest.mark.parametrize("name", ["broker", "openbao"])
async def test_whose_death_nobody_notices(name: str, stack: Stack, crowd: Crowd, promises: Promises) -> None:
    """Events wait in the log of their service, and credentials that are there stay good."""
    await stack.kill(name)
    await crowd.until_accepted(15)
    await crowd.stop()

    assert crowd.failed == []
    ended = await promises.kept(crowd.accepted)
    assert ended["confirmed"] > 0


async def first_ones(stack: Stack) -> set[str]:
    """An instance for each service; one for all where it runs them all."""
    return {(await stack.those_of(service))[0] for service in SERVICES}


async def test_an_instance(stack: Stack, crowd: Crowd, promises: Promises) -> None:
    """Its sessions go on at the other. A request that changes something and had reached it may have no answer."""
    for name in await first_ones(stack):
        await stack.kill(name)
    await crowd.until_accepted(15)
    await crowd.stop()

    assert {(each.method, each.status) for each in crowd.failed} <= {("POST", BAD_GATEWAY), ("POST", UNAVAILABLE)}
    assert all(each.status != 401 for each in crowd.exchanges)
    await promises.kept(crowd.accepted)


@pytest.mark.twice  # see test_everything_at_once
@pytest.mark.parametrize("name", ["valkey", "postgres"])
async def test_what_every_request_needs(name: str, stack: Stack, crowd: Crowd, promises: Promises) -> None:
    """For a moment the answer is to try again; then all goes on, for the same people in the same sessions."""
    await stack.kill(name)
    await crowd.until_accepted(15)
    await crowd.stop()

    assert {each.status for each in crowd.failed} <= {UNAVAILABLE}, crowd.failed
    assert all(each.status not in (401, NO_ANSWER) for each in crowd.exchanges)
    await promises.kept(crowd.accepted)


async def test_everything_at_once(stack: Stack, crowd: Crowd, promises: Promises) -> None:
    for name in [*await first_ones(stack), "broker", "valkey", "postgres"]:
        await stack.kill(name)
    await crowd.until_accepted(10, seconds=60)
    await crowd.stop()

    assert {each.status for each in crowd.failed} <= {BAD_GATEWAY, UNAVAILABLE, NO_ANSWER}, crowd.failed
    await promises.kept(crowd.accepted)

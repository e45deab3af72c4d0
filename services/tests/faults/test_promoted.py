"""From one tier to another and back, in place: the same data and sessions, and orders flow."""

import pytest

from support.books import SERVICES
from support.crowd import NO_ANSWER, Crowd
from support.promises import Promises
from support.stack import ENGINE, TIER, Stack

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(ENGINE != "local", reason="other engines run one tier each: run it with TEST_ENGINE=local"),
]
OTHER = "startup" if TIER == "growth" else "growth"


async def test_a_tier_becomes_another_while_orders_flow(stack: Stack, crowd: Crowd, promises: Promises) -> None:
    before = set(await stack.instances())

    await stack.promote(TIER, OTHER)
    await crowd.until_accepted(10)
    between = set(await stack.instances())
    await stack.promote(OTHER, TIER)
    await crowd.until_accepted(10)
    await crowd.stop()

    assert set(await stack.instances()) == before
    assert not before & between
    assert {len(await stack.those_of(service)) for service in SERVICES} == {2}
    asked = {name for name in before | between if name.startswith(("app-", "seats-", "orders-"))}
    assert asked <= crowd.served_by
    # The edge changes its routes, and closes the connections that are idle at that moment.
    assert {each.status for each in crowd.failed} <= {NO_ANSWER}, crowd.failed
    assert all(each.status != 401 for each in crowd.exchanges)
    await promises.kept(crowd.accepted)

"""From one tier to another and back, in place: the same data and sessions, and orders flow."""

import pytest

from support.books import SERVICES
from support.crowd import NO_ANSWER, Crowd
from support.customer import Customer
from support.organiser import Organiser
from support.promises import Promises
from support.stack import ENGINE, TIER, Stack

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(ENGINE != "local", reason="other engines run one tier each: run it with TEST_ENGINE=local"),
]
UNAVAILABLE = 503
OTHER = "startup" if TIER == "growth" else "growth"


async def test_a_tier_becomes_another_while_orders_flow(
    stack: Stack, crowd: Crowd, promises: Promises, organiser: Organiser, customer: Customer
) -> None:
    seen = [set(await stack.instances())]

    for before, after in ((TIER, OTHER), (OTHER, TIER)):
        await stack.promote(before, after)
        seen.append(set(await stack.instances()))
        assert {len(await stack.those_of(service)) for service in SERVICES} == {2}
        await crowd.until_accepted(10)
        # Events reach every service: seats hears of what is put on sale, the others of what is bought.
        performance = await organiser.put_on_sale()
        assert (await customer.buy(performance.id)).status == "confirmed"
    await crowd.stop()

    first, between, last = seen
    assert first == last
    assert not first & between
    asked = {name for name in first | between if name.startswith(("app-", "seats-", "orders-"))}
    assert asked <= crowd.served_by
    # The edge closes the connections that are idle when its routes change. And while a dozen processes start, those at
    # work on a small machine may say that one shall try again.
    assert {each.status for each in crowd.failed} <= {NO_ANSWER, UNAVAILABLE}, crowd.failed
    assert all(each.status != 401 for each in crowd.exchanges)
    await promises.kept(crowd.accepted)

"""Instances come and go, credentials change: not one request fails, not one session ends."""

import pytest

from chassis.testing import eventually
from support.books import SERVICES, Books
from support.crowd import Crowd
from support.leases import QUICK, USUAL, lease_for, users_at_work
from support.promises import Promises
from support.stack import Stack
from support.unnoticed import check_unnoticed

pytestmark = pytest.mark.faults


@pytest.mark.twice  # an upgrade on a cluster replaces every instance too
async def test_a_rolling_restart(stack: Stack, crowd: Crowd, promises: Promises) -> None:
    before = {(row.process, row.pid) for row in (await stack.instances()).values()}

    await stack.restart_rolling()
    await crowd.until_accepted(3)
    await crowd.stop()

    after = {(row.process, row.pid) for row in (await stack.instances()).values()}
    assert len(before) == len(after) == len(after - before)
    check_unnoticed(crowd)
    await promises.kept(crowd.accepted)


async def test_one_more_instance_and_one_less(stack: Stack, crowd: Crowd, promises: Promises) -> None:
    async def taking_part() -> int:
        return len(crowd.served_by & set(await stack.those_of("seats")))

    await stack.scale("seats", 3)
    assert len(await stack.those_of("seats")) == 3
    await eventually(taking_part, lambda number: number == 3)
    await stack.scale("seats", 2)
    crowd.exchanges[:], seen = [], crowd.exchanges[:]
    await crowd.until_accepted(5)
    await eventually(taking_part, lambda number: number == 2)
    await crowd.stop()

    assert crowd.served_by <= set(await stack.instances())
    crowd.exchanges += seen
    check_unnoticed(crowd)
    await promises.kept(crowd.accepted)


async def test_rotated_database_users(stack: Stack, crowd: Crowd, books: Books, promises: Promises) -> None:
    """With leases of seconds every service comes to have one database user after the other."""
    vault = stack.vault()
    lease_for(vault, QUICK)
    try:
        await stack.restart_rolling()
        seen: dict[str, set[str]] = {service: set() for service in SERVICES}

        async def users() -> int:
            for service, names in (await users_at_work(books)).items():
                seen[service] |= names
            return min(map(len, seen.values()))

        began = await stack.lives()
        await eventually(users, lambda fewest: fewest >= 5, seconds=60)  # two instances: at least the third of one
        assert await stack.lives() == began, "none was restarted for it"
    finally:
        lease_for(vault, USUAL)
    await crowd.until_accepted(3)
    await crowd.stop()

    check_unnoticed(crowd)
    await promises.kept(crowd.accepted)

"""A backup is made while people buy, the tier is wrecked, and a fresh one goes on from the backup."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from chassis.testing import eventually
from support.books import Books
from support.crowd import Crowd
from support.customer import Customer
from support.organiser import Organiser
from support.promises import Promises
from support.shapes import Ticket
from support.stack import Stack
from support.tier import Tier

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
ROWS, SEATS = "ABCDEFGHIJ", 20
LABELS = [f"{row}{number}" for row in ROWS for number in range(1, SEATS + 1)]
PEOPLE = 3


async def test_a_wrecked_tier_goes_on_from_a_backup(
    own_stack: Stack, people: Callable[[Tier], Customer], tmp_path: Path
) -> None:
    file = tmp_path / "backup.tar"
    tier = await asyncio.to_thread(own_stack.up)
    ada, *others = [people(tier) for _ in range(1 + PEOPLE)]
    for person in (ada, *others):
        await person.sign_up()
        await person.sign_in()
    performance = await _put_on_sale(tier)
    order = await ada.buy(performance, ["A1", "A2"])
    tickets = await _both_tickets(ada)

    async with Crowd(others, performance, LABELS[SEATS:]) as crowd:
        await crowd.until_accepted(5)
        before = set(crowd.accepted)
        said = await asyncio.to_thread(own_stack.run, "backup", str(file))
        await crowd.until_accepted(1)
    assert "keep it as a secret" in said
    assert file.stat().st_mode & 0o777 == 0o600
    assert not crowd.failed

    await asyncio.to_thread(own_stack.run, "down", "--clean")
    fresh = await asyncio.to_thread(own_stack.up)
    assert fresh.demo_password != tier.demo_password
    assert "restored" in await asyncio.to_thread(own_stack.run, "restore", str(file), "--yes")

    again = people(fresh)
    await again.sign_in(ada.email)
    assert await again.look_at(order) == order
    assert await again.tickets() == tickets
    await people(fresh).sign_in(tier.demo, tier.demo_password)
    # What had its 202 before the backup ends, what was on its way at that moment too, and no seat is sold twice.
    assert fresh.postgres is not None
    endings = await Promises(Books(fresh.postgres), performance).kept(before | {order.id})
    assert endings["confirmed"] > 1
    bought = await again.buy(performance, ["A3"])
    assert bought.status == "confirmed"


async def _put_on_sale(tier: Tier) -> UUID:
    rows = [{"name": row, "seats": SEATS} for row in ROWS]
    async with Organiser(tier.url, tier.trust) as organiser:
        await organiser.sign_in(tier.organiser, tier.organiser_password)
        performance = await organiser.put_on_sale(zones=[{"name": "Floor", "rows": rows}])
    return performance.id


async def _both_tickets(customer: Customer) -> list[Ticket]:
    found = await eventually(customer.tickets, lambda tickets: len(tickets) == 2, seconds=30)
    return [*found]

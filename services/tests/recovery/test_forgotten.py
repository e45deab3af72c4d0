"""Erasure is complete: afterwards nothing anywhere says who it was, and a backup does not bring it back.

What may stay is in docs/personal-data.md: ids, which are searched for too, to see that the search finds things.
"""

import asyncio
import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord

from chassis.testing import eventually
from support.books import Books
from support.customer import PASSWORD, Customer
from support.house import House
from support.organiser import Organiser
from support.stack import ENGINE, Stack

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(600),
    pytest.mark.skipif(ENGINE != "local", reason="looks into the files and servers of this machine"),
]
ADDRESS = "127.0.0.77" if sys.platform == "linux" else None
"""Where this person is: another system has one address of its own only."""
UNDER_WAY = "UPDATE charges SET state = 'pending', token = $2, due_at = now() + interval '1 hour' WHERE order_id = $1"
"""As a backup may find a charge, which another instance has in hand."""
DUE = "UPDATE charges SET due_at = now() WHERE order_id = $1"


async def test_nothing_says_who_it_was_and_a_backup_does_not_bring_it_back(
    own_stack: Stack, people: Callable[..., Customer], tmp_path: Path
) -> None:
    tier = await asyncio.to_thread(own_stack.up)
    assert tier.postgres is not None
    books, canary = Books(tier.postgres), uuid4().hex
    customer = people(tier, agent=f"browser/{canary}", address=ADDRESS)
    name, token, key = f"Zebedee {canary[:12]}", f"tok_{canary[12:]}", f"key-{canary[4:20]}"
    words = [customer.email, name, token, key, PASSWORD, *hashes_of(customer.email)]
    house = House(own_stack, books, words, [f"browser/{canary}", *([ADDRESS, *hashes_of(ADDRESS)] if ADDRESS else [])])
    await customer.sign_up(name=name)
    await customer.sign_in()
    account = await customer.account()
    async with Organiser(tier.url, tier.trust) as organiser:
        await organiser.sign_in(tier.organiser, tier.organiser_password)
        performance = await organiser.put_on_sale()
    bought = await customer.buy(performance.id)
    declined = await customer.order(await customer.hold(performance.id), token, key=key)
    await customer.follow(declined)
    await eventually(customer.inbox, lambda found: len(found) == 3)
    found = House(own_stack, books, [str(bought.id)])
    assert {"orders.event_log", "topic orders"} <= {*await found.finds()}, "what is there is found"
    await _make_a_dead_letter(house, str(account.id))
    known = {*await house.finds()}
    assert "accounts.accounts" in known
    assert all(place.startswith("redis session:") for place in known - {"accounts.accounts"}), known

    backup = tmp_path / "backup.tar"
    await books.query("orders", "INSERT INTO payment_tokens VALUES ($1, $2)", declined.id, token)
    await books.query("payments", UNDER_WAY, declined.id, token)
    assert {"orders.payment_tokens", "payments.charges"} <= {*await house.finds()}
    await asyncio.to_thread(own_stack.run, "backup", str(backup))
    await books.query("orders", "DELETE FROM payment_tokens")
    await books.query("payments", DUE, declined.id)
    answer = await customer.request("DELETE", "/api/accounts/me", json={"password": PASSWORD})
    assert answer.status_code == 204, answer.text
    await eventually(house.finds, lambda places: not places, seconds=30)

    ledger = tmp_path / "erasures"
    ledger.write_text(await asyncio.to_thread(own_stack.run, "erasures"))
    assert ledger.read_text().split() == [str(account.id)]
    await asyncio.to_thread(own_stack.run, "restore", str(backup), "--erasures", str(ledger), "--yes")
    await own_stack.until_ready()
    await books.query("payments", DUE, declined.id)  # the charge that was restored goes on
    await eventually(house.finds, lambda places: not places, seconds=30)
    await people(tier).refused("POST", "/api/sessions", 401, json={"email": customer.email, "password": PASSWORD})


def hashes_of(word: str) -> list[str]:
    """What anybody could make of `word`, and so find again."""
    return [hashlib.new(kind, word.encode()).hexdigest() for kind in ("md5", "sha1", "sha256")]


async def _make_a_dead_letter(house: House, account_id: str) -> None:
    """An event of this account that no consumer can read: what it says is in a dead letter then, and in its topic."""
    [registered] = [
        each
        for each in await house.records()
        if each.topic == "accounts" and account_id.encode() in (each.value or b"")
    ]
    producer = AIOKafkaProducer(bootstrap_servers=await house.broker(), enable_idempotence=False)
    await producer.start()
    try:
        headers = [(key, uuid4().hex.encode() if key == "ce_id" else value) for key, value in registered.headers]
        await producer.send_and_wait("accounts", registered.value[:-1], key=registered.key, headers=headers)
    finally:
        await producer.stop()

    async def letters() -> list[ConsumerRecord]:
        return [each for each in await house.records() if each.topic == "accounts.dead-letter"]

    await eventually(letters, seconds=30)

"""Erasure is complete: afterwards nothing anywhere says who it was, and a backup does not bring it back.

What may stay is in docs/personal-data.md: ids, which are searched for too, to see that the search finds things.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord

from chassis.testing import eventually
from engines.kept_secrets import read_secrets
from support.books import Books
from support.customer import PASSWORD, Customer
from support.organiser import Organiser
from support.stack import ENGINE, Stack
from support.tier import Tier

pytestmark = [
    pytest.mark.faults,
    pytest.mark.timeout(600),
    pytest.mark.skipif(ENGINE != "local", reason="looks into the files and servers of this machine"),
]
STORES = ("postgres", "mail", "backup.tar")
"""Postgres is asked instead: its files keep what was removed until they are written again. Mail has left the house."""


class House:
    """Everything of a stack in which somebody could still be found."""

    def __init__(self, stack: Stack, books: Books, words: list[str]) -> None:
        self._stack, self._books, self.words = stack, books, words

    async def finds(self) -> list[str]:
        """Where one of the words stands."""
        return [
            *await self._books.mentions(*self.words),
            *await self.topics(),
            *await asyncio.to_thread(self._files),
            *await asyncio.to_thread(self._vault),
        ]

    async def broker(self) -> str:
        [broker] = [row for row in (await self._stack.status()).values() if row.role == "broker"]
        return f"{broker.host}:{broker.port}"

    async def records(self) -> list[ConsumerRecord]:
        """Every record of every topic."""
        consumer = AIOKafkaConsumer(bootstrap_servers=await self.broker(), enable_auto_commit=False)
        await consumer.start()
        try:
            topics = [name for name in await consumer.topics() if not name.startswith("__")]
            consumer.subscribe(topics)
            await consumer.getmany(timeout_ms=1000)
            places = list(consumer.assignment())
            await consumer.seek_to_beginning(*places)
            ends = await consumer.end_offsets(places)
            found: list[ConsumerRecord] = []
            while any([await consumer.position(place) < ends[place] for place in places]):
                for batch in (await consumer.getmany(timeout_ms=500)).values():
                    found += batch
            return found
        finally:
            await consumer.stop()

    async def topics(self) -> list[str]:
        return [f"topic {each.topic}" for each in await self.records() if self._says(repr(each).encode())]

    def _files(self) -> list[str]:
        """Logs of all processes, whatever Valkey was ever told to write (it appends to a file), state of the engine."""
        folder = self._stack.state.folder
        files = [path for path in folder.rglob("*") if path.is_file() and not {*path.parts} & {*STORES}]
        for kind in ("*.log", "*.aof"):
            assert any(path.match(kind) for path in files), "there is something to look into"
        return [str(path) for path in files if self._says(path.read_bytes())]

    def _vault(self) -> list[str]:
        return ["vault"] if self._says(repr(read_secrets(self._stack.vault())).encode()) else []

    def _says(self, content: bytes) -> bool:
        lower = content.lower()
        return any(word.lower().encode() in lower for word in self.words)


async def test_nothing_says_who_it_was_and_a_backup_does_not_bring_it_back(
    own_stack: Stack, people: Callable[[Tier], Customer], tmp_path: Path
) -> None:
    tier = await asyncio.to_thread(own_stack.up)
    assert tier.postgres is not None
    customer, canary = people(tier), uuid4().hex
    name, token, key = f"Zebedee {canary[:12]}", f"tok_{canary[12:]}", f"key-{canary[4:20]}"
    house = House(own_stack, Books(tier.postgres), [customer.email, name, token, key, PASSWORD])
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
    found = House(own_stack, Books(tier.postgres), [str(bought.id)])
    assert {"orders.event_log", "topic orders"} <= {*await found.finds()}, "what is there is found"
    await _make_a_dead_letter(house, str(account.id))
    assert {*await house.finds()} == {"accounts.accounts"}, "only one place knows who it is"

    backup = tmp_path / "backup.tar"
    await asyncio.to_thread(own_stack.run, "backup", str(backup))
    answer = await customer.request("DELETE", "/api/accounts/me", json={"password": PASSWORD})
    assert answer.status_code == 204, answer.text
    await eventually(house.finds, lambda places: not places, seconds=30)

    ledger = tmp_path / "erasures"
    ledger.write_text(await asyncio.to_thread(own_stack.run, "erasures"))
    assert ledger.read_text().split() == [str(account.id)]
    await asyncio.to_thread(own_stack.run, "restore", str(backup), "--erasures", str(ledger), "--yes")
    await own_stack.until_ready()
    await eventually(house.finds, lambda places: not places, seconds=30)
    await people(tier).refused("POST", "/api/sessions", 401, json={"email": customer.email, "password": PASSWORD})


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

"""A member that reads past a record which cannot be unpacked, while its group is rebalanced."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from chassis.messaging import group, unpacking
from chassis.messaging.kafka import ensure_topics, group_consumer, leave
from chassis.settings import Settings
from chassis.testing.polling import eventually
from support.brokers import Broker
from support.bundles import bundle_of, send_bundle
from support.talk import said

pytestmark = pytest.mark.timeout(120)

GROUP, TOPIC = "beta", "alpha"
NAMELESS = replace(said("eve", 13), attributes=[("\udcff", b"")])


async def test_a_rebalance_while_a_batch_is_unpacked_skips_no_record(
    kafka: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(kafka_bootstrap_servers=kafka.address, kafka_session_seconds=2.0, **kafka.abilities)
    await ensure_topics(settings, [TOPIC])
    async with AIOKafkaProducer(bootstrap_servers=kafka.address) as stranger:
        records = [said("ada", 0), said("ada", 1), NAMELESS, said("ada", 3)]
        await send_bundle(stranger, TOPIC, 0, bundle_of(records))
    moves, rebalances = 0, 0
    seen: set[int] = set()

    def moved() -> None:
        nonlocal moves, seen
        moves, seen = moves + 1, set()

    async def unpack(*arguments: Any) -> Any:
        """While the batch comes, another member joins the group and leaves it."""
        nonlocal rebalances
        if rebalances == 0:
            rebalances, before = 1, moves
            other = group_consumer(settings, GROUP, [TOPIC])
            await other.start()
            await eventually(lambda: _answer(moves > before))
            await leave(other, settings)
        return await unpacking.unpack(*arguments)

    monkeypatch.setattr(group, "unpack", unpack)
    member = group.Member(GROUP, [TOPIC], settings, moved)
    try:
        async with asyncio.timeout(60):
            while max(seen, default=0) < 3:
                try:
                    fetched = await member.fetch(100, wait_seconds=0.2)
                except UnicodeDecodeError:
                    await member.rewind()
                    continue
                seen |= {each.offset for each in (*fetched.records, *fetched.unfetchable)}
        assert rebalances == 1
        assert seen == {0, 1, 2, 3}  # since the last time that its partitions moved
    finally:
        await member.leave()


async def _answer(so: bool) -> bool:
    return so

"""A member ends while its group forms: whoever comes after it gets the events all the same."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.protocol.group import JoinGroupRequest

from chassis.messaging.kafka import ensure_topics, group_consumer, leave
from chassis.settings import Settings
from chassis.testing.app import App
from support.brokers import Broker
from support.talk import ALPHA, Ears, Talk, talking

pytestmark = pytest.mark.timeout(120)

GROUP, TOPIC = "beta", "alpha"
SESSION_MS = 2000


async def begin_to_join(broker: Broker) -> None:
    """Say that one wants to be a member, and never come back. From then on the group forms anew."""
    client = AIOKafkaClient(bootstrap_servers=broker.address)
    await client.bootstrap()
    wishes = [("roundrobin", RoundRobinPartitionAssignor.metadata({TOPIC}).encode())]
    await client.send(
        client.get_random_node(), JoinGroupRequest(GROUP, SESSION_MS, SESSION_MS, "", None, "consumer", wishes)
    )
    await client.close()


async def test_the_leader_ends_while_its_group_forms(
    kafka: Broker, start: Callable[..., Awaitable[App]], ears: Ears
) -> None:
    settings = Settings(
        kafka_bootstrap_servers=kafka.address, kafka_session_seconds=SESSION_MS / 1000, **kafka.abilities
    )
    await ensure_topics(settings, [TOPIC])
    leader, other = (group_consumer(settings, GROUP, [TOPIC]) for _ in range(2))
    await leader.start()
    await other.start()
    await begin_to_join(kafka)
    await asyncio.gather(leave(leader, settings), leave(other, settings))

    talk = Talk(await start(ALPHA, talking(ears, GROUP)), ears, kafka)
    await talk.say("ada", 1, 2, 3)

    assert await talk.until_heard("ada", 3, seconds=30) == {"ada": [1, 2, 3]}

"""A member that was to lead its group and left before it did: the others get their events all the same."""

from collections.abc import Awaitable, Callable

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.protocol.coordination import FindCoordinatorRequest
from aiokafka.protocol.group import JoinGroupRequest, LeaveGroupRequest

from chassis.kafka import ensure_topics
from chassis.settings import Settings
from chassis.testing import App, Databases, eventually
from support.brokers import Broker
from support.talk import ALPHA, Ears, Talk, metadata, talking

pytestmark = pytest.mark.timeout(120)

SESSION_MS = 6000
REGROUP_SECONDS = 8.0


async def lead_and_leave(broker: Broker, group: str, topic: str) -> None:
    """Join `group` as its first member, which so becomes its leader, and leave before it has shared anything out."""
    await ensure_topics(Settings(kafka_bootstrap_servers=broker.address), [topic])
    client = AIOKafkaClient(bootstrap_servers=broker.address)
    await client.bootstrap()
    node = client.get_random_node()

    async def coordinator() -> bool:
        answer = await client.send(node, FindCoordinatorRequest(group, 0))
        return bool(answer.error_code == 0)  # it may be in the making

    await eventually(coordinator)
    wishes = [("roundrobin", RoundRobinPartitionAssignor.metadata({topic}).encode())]
    member, answer = "", None
    while answer is None or answer.error_code:
        request = JoinGroupRequest(group, SESSION_MS, SESSION_MS, member, None, "consumer", wishes)
        answer = await client.send(node, request)
        member = answer.member_id
    assert answer.leader_id == member
    await client.send(node, LeaveGroupRequest(group, member))
    await client.close()


async def test_a_group_whose_leader_left_goes_on(
    databases: Databases, kafka: Broker, run: Callable[..., Awaitable[App]]
) -> None:
    await lead_and_leave(kafka, "beta", "alpha")
    ears = Ears()
    services = [ALPHA, talking(ears)]
    for service in services:
        await databases.create(service.name, metadata)
    talk = Talk(await run(*services, kafka_regroup_seconds=REGROUP_SECONDS), ears, kafka)

    await talk.say("ada", 1, 2, 3)

    assert await talk.until_heard("ada", 3, seconds=60) == {"ada": [1, 2, 3]}

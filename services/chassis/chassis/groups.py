"""The consumer group of a service, whose name may change: a broker may let it wait for ever for a member that has left.

Kafka leaves such a member out. The embedded broker does not when it was to lead the next round: then nobody gets a
share any more. So whoever has waited for too long moves to a group of the next name, and the others, who wait as well,
follow. It begins with the oldest events; inboxes leave out what is known.
"""

import time
from collections.abc import Collection

from aiokafka import ConsumerRebalanceListener, TopicPartition
from redis.asyncio import Redis

NEVER = float("inf")


class GroupName:
    """The name on which the members of a service's group agree, in Redis. At first it is the service's own."""

    def __init__(self, redis: Redis, service: str) -> None:
        self._redis = redis
        self._service = service
        self._key = f"consumer-group:{service}"

    async def current(self) -> str:
        number = int(await self._redis.get(self._key) or 0)
        return f"{self._service}.{number}" if number else self._service

    async def abandon(self, name: str) -> str:
        """Agree on the next name, unless somebody has left `name` already; answers what it is now."""
        if await self.current() == name:
            _, _, number = name.partition(".")
            await self._redis.set(self._key, int(number or 0) + 1)
        return await self.current()


class Share(ConsumerRebalanceListener):  # type: ignore[misc]  # has no types
    """Notices for how long a member has waited for its share of the partitions."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    @property
    def waited(self) -> float:
        """Seconds; 0 for who has one, be it empty."""
        return max(0.0, time.monotonic() - self._since)

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        self._since = time.monotonic()

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        self._since = NEVER

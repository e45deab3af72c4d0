"""Rate limits shared by all instances: fixed windows in Redis that start with the first event counted."""

from collections.abc import Sequence
from dataclasses import dataclass

from redis.asyncio import Redis

from chassis.errors import Problem
from chassis.observability.security import SecurityEvent


class TooManyRequests(Problem):
    """The caller has used up a limit; `Retry-After` says when the window ends (seconds)."""

    status = 429
    slug = "too-many-requests"
    security = SecurityEvent.THROTTLE

    def __init__(self, retry_after: int) -> None:
        super().__init__("Too many attempts, try again later.", headers={"retry-after": str(retry_after)})


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` events in `seconds`, per subject. `name` keeps its counters apart from other limits'."""

    name: str
    count: int
    seconds: int

    def of(self, subject: str) -> "Quota":
        """This limit for one subject: an address, the hash of something secret, an account id."""
        return Quota(self, f"limit:{self.name}:{subject}")


@dataclass(frozen=True, slots=True)
class Quota:
    """One counter: a limit and the Redis key of its subject."""

    limit: Limit
    key: str


class RateLimiter:
    """Counts events against quotas, each call in one round trip. A caller out of quota gets `TooManyRequests`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def used(self, *quotas: Quota) -> list[tuple[int, int]]:
        """What was counted on each quota, and the seconds left of its window; counts nothing and refuses nothing."""
        async with self._redis.pipeline(transaction=False) as pipe:
            for quota in quotas:
                pipe.get(quota.key)
                pipe.ttl(quota.key)
            answers = await pipe.execute()
        return [(int(value or 0), max(0, ttl)) for value, ttl in zip(answers[0::2], answers[1::2], strict=True)]

    async def check(self, *quotas: Quota) -> None:
        """Refuse when one of the quotas is used up; counts nothing."""
        answers = await self.used(*quotas)
        over = [quota.limit.count <= count for quota, (count, _) in zip(quotas, answers, strict=True)]
        _refuse(over, quotas, [seconds for _, seconds in answers])

    async def count(self, *quotas: Quota) -> None:
        """Count one event on each quota; refuses nothing."""
        await self._add(quotas)

    async def hit(self, *quotas: Quota) -> None:
        """Count one event on each quota and refuse when that is more than one of them allows."""
        answers = await self._add(quotas)
        over = [quota.limit.count < used for quota, (used, _) in zip(quotas, answers, strict=True)]
        _refuse(over, quotas, [seconds for _, seconds in answers])

    async def forget(self, *quotas: Quota) -> None:
        """Start the quotas anew."""
        await self._redis.delete(*(quota.key for quota in quotas))

    async def _add(self, quotas: Sequence[Quota]) -> list[tuple[int, int]]:
        """Count one event on each; the count and the seconds left of each window."""
        async with self._redis.pipeline(transaction=True) as pipe:
            for quota in quotas:
                pipe.set(quota.key, 0, ex=quota.limit.seconds, nx=True)
                pipe.incr(quota.key)
                pipe.ttl(quota.key)
            answers = await pipe.execute()
        return list(zip(answers[1::3], answers[2::3], strict=True))


def _refuse(over: Sequence[bool], quotas: Sequence[Quota], seconds: Sequence[int]) -> None:
    waits = [
        left if left > 0 else quota.limit.seconds
        for is_over, quota, left in zip(over, quotas, seconds, strict=True)
        if is_over
    ]
    if waits:
        raise TooManyRequests(max(waits))

"""Rate limits in Redis."""

import asyncio
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from chassis.auth.ratelimit import Limit, RateLimiter, TooManyRequests


@pytest.fixture
def limiter(redis: Redis) -> RateLimiter:
    return RateLimiter(redis)


def subject() -> str:
    return uuid4().hex


async def test_the_event_past_the_limit_is_refused_with_the_time_to_wait(limiter: RateLimiter) -> None:
    quota = Limit("test", 3, 60).of(subject())
    for _ in range(3):
        await limiter.hit(quota)
    with pytest.raises(TooManyRequests) as refused:
        await limiter.hit(quota)
    assert refused.value.status == 429
    assert refused.value.slug == "too-many-requests"
    assert 58 <= int(refused.value.headers["retry-after"]) <= 60


async def test_exactly_the_limit_passes_when_many_come_at_once(limiter: RateLimiter) -> None:
    quota = Limit("test", 5, 60).of(subject())
    answers = await asyncio.gather(*(limiter.hit(quota) for _ in range(20)), return_exceptions=True)
    assert sum(answer is None for answer in answers) == 5
    assert sum(isinstance(answer, TooManyRequests) for answer in answers) == 15


async def test_checking_counts_nothing_and_counting_refuses_nothing(limiter: RateLimiter) -> None:
    quota = Limit("test", 2, 60).of(subject())
    for _ in range(5):
        await limiter.check(quota)
    await limiter.count(quota)
    await limiter.check(quota)
    await limiter.count(quota)
    await limiter.count(quota)
    with pytest.raises(TooManyRequests):
        await limiter.check(quota)


async def test_one_used_up_quota_of_several_is_enough(limiter: RateLimiter) -> None:
    wide, narrow = Limit("wide", 100, 600).of(subject()), Limit("narrow", 1, 30).of(subject())
    await limiter.count(wide, narrow)
    with pytest.raises(TooManyRequests) as refused:
        await limiter.check(wide, narrow)
    assert int(refused.value.headers["retry-after"]) <= 30


async def test_forgetting_starts_anew_and_subjects_are_apart(limiter: RateLimiter) -> None:
    limit = Limit("test", 1, 60)
    first, second = limit.of(subject()), limit.of(subject())
    await limiter.count(first)
    await limiter.check(second)
    await limiter.forget(first)
    await limiter.check(first)


async def test_the_window_ends(limiter: RateLimiter, redis: Redis) -> None:
    quota = Limit("test", 1, 60).of(subject())
    await limiter.count(quota)
    assert 55 < await redis.ttl(quota.key) <= 60
    await redis.expire(quota.key, 0)
    await limiter.check(quota)

"""Broadcasts: one suite for Redis and its stand-in; the connection of the real one comes back by itself."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from chassis.live.broadcast import MAX_BACKLOG, Broadcast, Updates
from chassis.testing.fakes import MemoryBroadcast

pytestmark = pytest.mark.timeout(20)


@pytest.fixture(params=["memory", "redis"])
async def broadcast(request: pytest.FixtureRequest, redis: Redis) -> AsyncIterator[Broadcast]:
    broadcast = MemoryBroadcast() if request.param == "memory" else Broadcast(redis)
    yield broadcast
    await broadcast.close()


def channel() -> str:
    return f"test:{uuid4()}"


async def upcoming(updates: Updates) -> object:
    return await asyncio.wait_for(anext(updates), 5)


async def listening(redis: Redis) -> list[dict[str, str]]:
    """The connections that listen in this test: others, of parallel tests, have chosen another database."""
    database = str(redis.connection_pool.connection_kwargs["db"])
    return [each for each in await redis.client_list(_type="pubsub") if each["db"] == database]


async def test_every_listener_of_a_channel_gets_what_is_published(broadcast: Broadcast) -> None:
    name = channel()
    async with broadcast.subscribe(name) as first, broadcast.subscribe(name) as second:
        await broadcast.publish(name, {"id": 1})
        await broadcast.publish(name, {"id": 2})
        assert [await upcoming(first), await upcoming(first)] == [{"id": 1}, {"id": 2}]
        assert [await upcoming(second), await upcoming(second)] == [{"id": 1}, {"id": 2}]


async def test_channels_are_apart(broadcast: Broadcast) -> None:
    mine, other = channel(), channel()
    async with broadcast.subscribe(mine) as updates, broadcast.subscribe(other):
        await broadcast.publish(other, {"id": "other"})
        await broadcast.publish(mine, {"id": "mine"})
        assert await upcoming(updates) == {"id": "mine"}


async def test_a_channel_can_be_left_and_joined_again(broadcast: Broadcast) -> None:
    name = channel()
    for number in range(3):
        async with broadcast.subscribe(name) as updates:
            await broadcast.publish(name, {"id": number})
            assert await upcoming(updates) == {"id": number}
        await broadcast.publish(name, {"id": "nobody listens"})


async def test_a_slow_listener_is_told_that_it_missed_something(broadcast: Broadcast) -> None:
    name = channel()
    async with broadcast.subscribe(name) as slow, broadcast.subscribe(name) as fast:
        for number in range(MAX_BACKLOG + 1):
            await broadcast.publish(name, {"id": number})
            assert await upcoming(fast) == {"id": number}
        assert await upcoming(slow) is None
        await broadcast.publish(name, {"id": "next"})
        assert await upcoming(slow) == {"id": "next"}


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_silence_is_broken_by_ticks(kind: str, redis: Redis) -> None:
    broadcast = MemoryBroadcast(tick_seconds=0.05) if kind == "memory" else Broadcast(redis, tick_seconds=0.05)
    name = channel()
    async with broadcast.subscribe(name) as updates:
        assert [await upcoming(updates) for _ in range(4)] == [None] * 4
        await broadcast.publish(name, {"id": 1})
        assert {"id": 1} in [await upcoming(updates) for _ in range(3)]
    await broadcast.close()


async def test_a_broken_connection_comes_back_and_the_gap_is_told(redis: Redis) -> None:
    name, broadcast = channel(), Broadcast(redis)
    async with broadcast.subscribe(name) as updates:
        await broadcast.publish(name, {"id": 1})
        assert await upcoming(updates) == {"id": 1}
        for connection in await listening(redis):
            await redis.client_kill_filter(_id=connection["id"])
        assert await upcoming(updates) is None
        await broadcast.publish(name, {"id": 2})
        assert await upcoming(updates) == {"id": 2}
    await broadcast.close()


async def test_a_hundred_channels_share_one_connection(redis: Redis) -> None:
    broadcast, names = Broadcast(redis), [channel() for _ in range(100)]

    async def listen(name: str) -> object:
        async with broadcast.subscribe(name) as updates:
            await broadcast.publish(name, {"name": name})
            return await upcoming(updates)

    async with broadcast.subscribe(channel()):
        assert await asyncio.gather(*map(listen, names)) == [{"name": name} for name in names]
        assert len(await listening(redis)) == 1
    await broadcast.close()


async def test_without_redis_publishing_does_not_fail_and_listeners_still_get_ticks(unused_tcp_port: int) -> None:
    away = Redis(port=unused_tcp_port, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0))
    broadcast = Broadcast(away, tick_seconds=0.05)
    await broadcast.publish("orders", {"id": 1})
    async with broadcast.subscribe("orders") as updates:
        assert await upcoming(updates) is None
    await broadcast.close()
    await away.aclose()


async def test_a_crowd_of_publishers_takes_no_crowd_of_connections(redis: Redis) -> None:
    broadcast, name = Broadcast(redis), channel()
    async with broadcast.subscribe(name) as updates:
        await asyncio.gather(*(broadcast.publish(name, {"id": number}) for number in range(MAX_BACKLOG)))
        assert [await upcoming(updates) for _ in range(MAX_BACKLOG)] == [
            {"id": number} for number in range(MAX_BACKLOG)
        ]
        assert len(redis.connection_pool._available_connections) <= 2
    await broadcast.close()


async def test_many_channels_are_told_at_once(broadcast: Broadcast) -> None:
    first, second = channel(), channel()
    async with broadcast.subscribe(first) as one, broadcast.subscribe(second) as two:
        await broadcast.publish_all({first: {"id": 1}, second: {"id": uuid4()}, channel(): {"id": 3}})
        assert await upcoming(one) == {"id": 1}
        assert (await upcoming(two)) is not None
    await broadcast.publish_all({})

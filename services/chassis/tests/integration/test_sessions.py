"""Sessions: one suite for Redis and its stand-in, and what only Redis can show."""

import asyncio
from collections.abc import Callable
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from chassis.auth.sessions import Sessions, session_key
from chassis.errors import is_outage
from chassis.process.resources import open_redis
from chassis.testing.fakes import MemorySessions

Make = Callable[..., Sessions]


@pytest.fixture(params=["memory", "redis"])
def make(request: pytest.FixtureRequest) -> Make:
    """Makes a store with other durations than the usual ones."""
    if request.param == "memory":
        return MemorySessions
    redis: Redis = request.getfixturevalue("redis")
    return lambda **durations: Sessions(redis, **durations)


@pytest.fixture
def sessions(make: Make) -> Sessions:
    return make()


async def test_a_token_opens_the_session_it_was_made_for(sessions: Sessions) -> None:
    account_id = uuid4()
    token, created = await sessions.create(
        account_id=account_id, roles=["organiser"], jurisdiction="eu", user_agent="curl/8", remote="203.0.113.7"
    )
    loaded = await sessions.load(token)
    assert loaded is not None
    assert loaded == created
    assert (loaded.account_id, loaded.roles, loaded.jurisdiction) == (account_id, ("organiser",), "eu")
    assert (loaded.user_agent, loaded.remote) == ("curl/8", "203.0.113.7")
    assert len(token) == 43
    assert token not in repr(loaded)


@pytest.mark.parametrize("token", ["", "nonsense", "x" * 5000, "ключ", "\x00"])
async def test_another_token_opens_nothing(sessions: Sessions, token: str) -> None:
    await sessions.create(account_id=uuid4())
    assert await sessions.load(token) is None


async def test_signing_in_again_ends_the_session_that_the_browser_had(sessions: Sessions) -> None:
    account_id = uuid4()
    first, _ = await sessions.create(account_id=account_id)
    second, _ = await sessions.create(account_id=account_id, replacing=first)
    assert first != second
    assert await sessions.load(first) is None
    assert await sessions.load(second) is not None
    assert len(await sessions.list(account_id)) == 1


async def test_an_account_sees_its_own_sessions_newest_first(sessions: Sessions) -> None:
    mine, other = uuid4(), uuid4()
    tokens = [(await sessions.create(account_id=mine, user_agent=str(number)))[0] for number in range(3)]
    await sessions.create(account_id=other)
    await sessions.revoke(session_key(tokens[1]))
    assert [session.user_agent for session in await sessions.list(mine)] == ["2", "0"]
    assert len(await sessions.list(other)) == 1
    assert await sessions.list(uuid4()) == []


async def test_revoking_all_leaves_other_accounts_alone(sessions: Sessions) -> None:
    mine, other = uuid4(), uuid4()
    tokens = [(await sessions.create(account_id=mine))[0] for _ in range(3)]
    theirs, _ = await sessions.create(account_id=other)
    await sessions.revoke_all(mine)
    await sessions.revoke_all(mine)
    assert [await sessions.load(token) for token in tokens] == [None] * 3
    assert await sessions.list(mine) == []
    assert await sessions.load(theirs) is not None


async def test_a_session_that_is_not_used_ends(make: Make) -> None:
    sessions = make(idle_seconds=0.05)
    token, session = await sessions.create(account_id=uuid4())
    await asyncio.sleep(0.1)  # the time itself is what is tested
    assert await sessions.load(token) is None
    assert await sessions.list(session.account_id) == []


async def test_use_keeps_a_session_alive_but_not_past_its_absolute_end(make: Make) -> None:
    sessions = make(idle_seconds=0.2, absolute_seconds=0.6)
    token, session = await sessions.create(account_id=uuid4())
    alive = []
    for _ in range(16):  # 0.8 s in steps shorter than the idle time
        await asyncio.sleep(0.05)
        alive.append(await sessions.load(token) is not None)
    assert alive[:8] == [True] * 8
    assert not alive[-1]
    assert await sessions.list(session.account_id) == []


async def test_redis_never_sees_a_token(redis: Redis) -> None:
    token, session = await Sessions(redis).create(account_id=uuid4(), user_agent="x" * 5000)
    stored = await redis.get(f"session:{session.key}")
    assert stored is not None
    assert token.encode() not in stored
    assert len(stored) < 500
    assert session.key == session_key(token) != token


async def test_loading_is_one_round_trip_that_starts_the_idle_time_anew(redis: Redis) -> None:
    sessions = Sessions(redis)
    token, session = await sessions.create(account_id=uuid4())
    await redis.expire(f"session:{session.key}", 5)
    before = await redis.info("commandstats")
    await sessions.load(token)
    after = await redis.info("commandstats")
    calls = {name: after[name]["calls"] - before.get(name, {"calls": 0})["calls"] for name in after}
    assert {name for name, count in calls.items() if count} <= {"cmdstat_getex", "cmdstat_info", "cmdstat_ping"}
    assert 1795 < await redis.ttl(f"session:{session.key}") <= 1800


async def test_the_index_forgets_dead_sessions_and_goes_with_the_last(redis: Redis) -> None:
    sessions = Sessions(redis)
    account_id = uuid4()
    index = f"sessions:{account_id}"
    for _ in range(3):
        _, session = await sessions.create(account_id=account_id)
    await redis.delete(f"session:{session.key}")
    assert len(await sessions.list(account_id)) == 2
    assert await redis.zcard(index) == 2
    assert 43_000 < await redis.ttl(index) <= 43_200
    await sessions.revoke_all(account_id)
    assert not await redis.exists(index)


async def test_a_redis_that_hangs_is_given_up_soon(unused_tcp_port: int) -> None:
    async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(never_answer, "127.0.0.1", unused_tcp_port)
    hanging = open_redis(f"redis://127.0.0.1:{unused_tcp_port}")
    sessions, loop = Sessions(hanging), asyncio.get_running_loop()
    started = loop.time()
    answers = await asyncio.gather(*(sessions.load("x" * 43) for _ in range(20)), return_exceptions=True)
    assert loop.time() - started < 2
    assert all(isinstance(answer, Exception) and is_outage(answer) for answer in answers)
    await hanging.aclose()
    server.close()

"""Valkey lets its users in, each to what it needs, and nobody else, whoever has an account on this machine."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.exceptions import AuthenticationError, NoPermissionError, ResponseError

from chassis.auth import Limit, RateLimiter, Sessions
from chassis.fleet.heartbeat import read_samples
from chassis.live import Broadcast
from chassis.secrets.redis_login import UNIT
from engines.local.ports import free_port
from engines.local.servers import Running, start_server
from engines.local.valkey import Valkey
from engines.tier import service_names

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("servers")]

WRITE = """
exec 3<>/dev/tcp/127.0.0.1/$0 && printf 'SET session:mine organiser\\r\\n' >&3 && head -n 1 <&3
cat "$1" && echo "read the users"
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("valkey")
    running = start_server(Valkey(folder, free_port(), (UNIT, *service_names())))
    yield running
    running.stop()


@pytest.fixture
def login(running: Running) -> Callable[[str], Any]:
    server = running.server
    assert isinstance(server, Valkey)
    return lambda user: Redis(port=running.port, username=user, password=server.passwords[user])


def test_who_has_no_login_may_do_nothing(running: Running) -> None:
    for stranger in (Redis(port=running.port), Redis(port=running.port, username="default", password="")):
        for command in ("GET session:x", "SET session:x y", "INFO", "PING", "SUBSCRIBE live:x", "ACL LIST"):
            with pytest.raises((AuthenticationError, ResponseError)):
                stranger.execute_command(*command.split())  # type: ignore[no-untyped-call]
    with pytest.raises(AuthenticationError):
        Redis(port=running.port, username="accounts", password="guess").ping()


def test_who_asks_whether_it_is_ready_may_ask_nothing_else(running: Running) -> None:
    asking = Redis(port=running.port, username="probe", password="none")
    assert asking.ping()
    for command in ("GET session:x", "INFO", "ACL WHOAMI", "CLIENT LIST"):
        with pytest.raises(NoPermissionError):
            asking.execute_command(*command.split())  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("service", service_names())
def test_only_accounts_makes_sessions(login: Callable[[str], Any], service: str) -> None:
    client = login(service)
    if service == "accounts":
        client.set("session:a", "x", px=60_000)
        client.zadd("sessions:someone", {"a": 1})
        return
    assert client.getex("session:none", px=1000) is None
    refusals: list[Callable[[], object]] = [
        lambda: client.set("session:a", "organiser"),
        lambda: client.delete("session:a"),
        lambda: client.getdel("session:a"),
        lambda: client.zadd("sessions:someone", {"a": 1}),
        lambda: client.rename(f"{service}:a", "session:a"),
    ]
    for refusal in refusals:
        with pytest.raises(NoPermissionError):
            refusal()


@pytest.mark.parametrize("user", [UNIT, *service_names()])
async def test_each_may_do_what_the_chassis_does_for_it(running: Running, user: str) -> None:
    server = running.server
    assert isinstance(server, Valkey)
    async with AsyncRedis(port=running.port, username=user, password=server.passwords[user]) as redis:
        quota = Limit("guess", 1, 60).of(user)
        await RateLimiter(redis).hit(quota)
        await RateLimiter(redis).check(Limit("other", 1, 60).of(user))
        await RateLimiter(redis).forget(quota)
        assert await read_samples(redis) == []
        sessions, broadcast, account = Sessions(redis), Broadcast(redis), uuid4()
        async with broadcast.subscribe("seats"):
            await broadcast.publish("seats", {"a": 1})
        assert await sessions.load("none") is None
        assert not await sessions.is_there("none")
        if user in (UNIT, "accounts"):
            token, session = await sessions.create(account_id=account)
            await sessions.set_roles(account, ["organiser"])
            assert [each.id for each in await sessions.list(account)] == [session.id]
            await sessions.revoke_all(account)
            assert await sessions.load(token) is None
        await broadcast.close()


@pytest.mark.parametrize("user", [UNIT, *service_names()])
def test_nobody_may_rule_the_server_or_see_what_is_anothers(login: Callable[[str], Any], user: str) -> None:
    client = login(user)
    client.set("{vitals}:me", "1", ex=1)
    client.publish("live:seats", "x")
    commands = ["FLUSHALL", "FLUSHDB", "CONFIG GET *", "ACL LIST", "KEYS *", "SHUTDOWN", "MONITOR"]
    for command in [*commands, "SAVE", "REPLICAOF 127.0.0.1 1", "GET other:key", "PUBLISH other x", "SCRIPT FLUSH"]:
        with pytest.raises(NoPermissionError):
            client.execute_command(*command.split())


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("bash"), reason="only root can be another user, in bash")
def test_another_user_of_the_machine_is_not_let_in(running: Running) -> None:
    done = subprocess.run(
        ["bash", "-c", WRITE, str(running.port), str(running.server.data / "users.acl")],
        user="nobody",
        group=65534,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert "NOAUTH" in done.stdout
    assert "Permission denied" in done.stderr
    assert "read the users" not in done.stdout


def test_the_file_of_the_users_holds_no_password(running: Running) -> None:
    server, path = running.server, running.server.data / "users.acl"
    assert isinstance(server, Valkey)
    assert not [password for password in server.passwords.values() if password in path.read_text()]
    assert path.stat().st_mode & 0o777 == 0o600
    assert Path(path).parent.stat().st_mode & 0o777 == 0o700

"""Resolvers: where the instances of a service are, from settings, a file, or DNS."""

import json
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from chassis.calls.balancer import eject, pick
from chassis.calls.discovery import DnsResolver, FileResolver, Instance, Resolver, StaticResolver, resolver_for
from chassis.errors import Unavailable
from chassis.settings import Discovery, Settings
from chassis.testing.polling import eventually

HERE = "http://127.0.0.1:8000"
THERE = "http://127.0.0.2:8000"


def announce(path: Path, **instances: Sequence[str]) -> None:
    work = path.with_suffix(".new")
    work.write_text(json.dumps(instances))
    work.replace(path)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What DNS says, by host."""
    names: dict[str, list[str]] = {}

    def look_up(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        if host not in names:
            raise socket.gaierror(f"no such host: {host}")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in names[host]]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return names


@pytest.fixture(params=["static", "file", "dns"])
def resolver(request: pytest.FixtureRequest, tmp_path: Path, names: dict[str, list[str]]) -> Resolver:
    """Every kind, when orders has two instances."""
    announce(tmp_path / "instances.json", orders=[HERE, THERE])
    names["orders"] = ["127.0.0.1", "127.0.0.2"]
    settings = {
        "static": Settings(discovery=Discovery.STATIC, upstreams=f"orders={HERE}|{THERE}"),
        "file": Settings(discovery=Discovery.FILE, discovery_file=tmp_path / "instances.json"),
        "dns": Settings(discovery=Discovery.DNS),
    }
    return resolver_for(settings[request.param])


async def test_it_knows_the_instances(resolver: Resolver) -> None:
    assert [each.url for each in await resolver.resolve("orders")] == [HERE, THERE]


async def test_a_service_that_nobody_knows_is_unavailable(resolver: Resolver) -> None:
    with pytest.raises(Unavailable, match="no instance of seats is known"):
        await resolver.resolve("seats")


async def test_an_instance_stays_the_same_as_long_as_it_is_there(resolver: Resolver) -> None:
    first = await resolver.resolve("orders")
    first[0].outstanding = 3
    assert (await resolver.resolve("orders"))[0].outstanding == 3


async def test_a_file_is_read_again_when_it_changes_and_counts_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "instances.json"
    announce(path, orders=[HERE])
    resolver = FileResolver(path)
    [here] = await resolver.resolve("orders")
    announce(path, orders=[THERE, HERE])
    there, same = await resolver.resolve("orders")
    assert (there.url, same) == (THERE, here)
    assert same is here


async def test_without_a_file_it_goes_on_with_what_it_knew(tmp_path: Path) -> None:
    path = tmp_path / "instances.json"
    announce(path, orders=[HERE])
    resolver = FileResolver(path)
    await resolver.resolve("orders")
    path.write_text("{half of it")
    assert len(await resolver.resolve("orders")) == 1
    path.unlink()
    assert len(await resolver.resolve("orders")) == 1


async def test_dns_is_asked_again_behind_the_callers_back(names: dict[str, list[str]]) -> None:
    names["orders"] = ["127.0.0.1"]
    resolver = DnsResolver("http://{service}:8000", seconds=0)
    [here] = await resolver.resolve("orders")
    names["orders"] = ["127.0.0.1", "127.0.0.2"]
    found = await eventually(lambda: resolver.resolve("orders"), lambda found: len(found) == 2)
    assert found[0] is here
    names.clear()
    assert len(await resolver.resolve("orders")) == 2, "it goes on with what it knew"


def test_the_less_busy_one_is_picked() -> None:
    instances = [Instance(HERE, outstanding=5), Instance(THERE)]
    assert {pick(instances).url for _ in range(20)} == {THERE}


def test_an_ejected_instance_is_left_out_unless_there_is_no_other() -> None:
    here, there = Instance(HERE), Instance(THERE, outstanding=100)
    eject(here)
    assert pick([here, there]) is there
    eject(there)
    assert {pick([here, there]).url for _ in range(20)} == {HERE}, "all are out: the less busy one"
    assert pick([here]) is here


def test_a_retry_goes_elsewhere_where_there_is_elsewhere() -> None:
    here, there = Instance(HERE), Instance(THERE, outstanding=100)
    assert pick([here, there], other_than=here) is there
    assert pick([here], other_than=here) is here


def test_static_discovery_without_addresses_says_what_to_do() -> None:
    with pytest.raises(ValueError, match="DISCOVERY_FILE"):
        resolver_for(Settings(discovery=Discovery.FILE))


async def test_a_static_service_with_no_address_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="UPSTREAMS"):
        await StaticResolver({"orders": ()}).resolve("orders")

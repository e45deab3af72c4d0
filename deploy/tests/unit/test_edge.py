"""The edge's configuration, as Caddy understands it."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engines.local.edge import CADDYFILE, Edge
from engines.local.executables import executable


def edge(folder: Path, **more: Any) -> Edge:
    upstreams = ["127.0.0.1:21001", "127.0.0.1:21002"]
    return Edge(folder, 8443, http_port=8080, admin_port=2019, upstreams=upstreams, addresses=["127.0.0.1"], **more)


def adapted(server: Edge) -> dict[str, Any]:
    server.prepare()
    command = [str(executable("caddy")), "adapt", "--config", str(CADDYFILE), "--adapter", "caddyfile"]
    done = subprocess.run(command, env=server.full_environment(), capture_output=True, check=True)
    configuration: dict[str, Any] = json.loads(done.stdout)
    return configuration


@pytest.fixture
def configuration(tmp_path: Path) -> dict[str, Any]:
    return adapted(edge(tmp_path))


def handlers(node: Any, name: str) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if node.get("handler") == name:
            yield node
        for child in node.values():
            yield from handlers(child, name)
    elif isinstance(node, list):
        for child in node:
            yield from handlers(child, name)


def test_it_is_formatted(tmp_path: Path) -> None:
    done = subprocess.run([executable("caddy"), "fmt", CADDYFILE], capture_output=True, check=False, cwd=tmp_path)
    assert done.stdout.decode() == CADDYFILE.read_text()


def test_it_is_valid(tmp_path: Path) -> None:
    server = edge(tmp_path)
    server.prepare()
    command = [str(executable("caddy")), "validate", "--config", str(CADDYFILE), "--adapter", "caddyfile"]
    done = subprocess.run(command, env=server.full_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_place_for_an_instance_is_asked_for_readiness(configuration: dict[str, Any]) -> None:
    [proxy] = handlers(configuration, "reverse_proxy")
    assert [each["dial"] for each in proxy["upstreams"]] == ["127.0.0.1:21001", "127.0.0.1:21002"]
    assert proxy["health_checks"]["active"]["uri"] == "/readyz"
    assert proxy["health_checks"]["passive"]["max_fails"] == 1


def test_only_safe_requests_are_repeated(configuration: dict[str, Any]) -> None:
    [proxy] = handlers(configuration, "reverse_proxy")
    assert proxy["load_balancing"]["retry_match"] == [{"method": ["GET", "HEAD", "OPTIONS"]}]


def test_event_streams_are_not_compressed(configuration: dict[str, Any]) -> None:
    [encode] = handlers(configuration, "encode")
    types = encode["match"]["headers"]["Content-Type"]
    assert "application/json*" in types
    assert not [each for each in types if "text/event-stream".startswith(each.rstrip("*"))]


def test_old_tls_is_not_spoken(configuration: dict[str, Any]) -> None:
    policies = [
        policy
        for server in configuration["apps"]["http"]["servers"].values()
        for policy in server.get("tls_connection_policies", [])
    ]
    assert {policy["protocol_min"] for policy in policies if "protocol_min" in policy} == {"tls1.2"}


def test_nobody_outside_reaches_the_admin_interface(configuration: dict[str, Any]) -> None:
    assert configuration["admin"]["listen"] == "127.0.0.1:2019"


def test_localhost_listens_on_loopback_only(configuration: dict[str, Any]) -> None:
    listens = [each for server in configuration["apps"]["http"]["servers"].values() for each in server["listen"]]
    assert sorted(listens) == ["127.0.0.1:8080", "127.0.0.1:8443"]


def test_strict_transport_is_short_for_localhost_and_long_for_a_public_name(tmp_path: Path) -> None:
    local, public = (json.dumps(adapted(edge(tmp_path, domain=name))) for name in ("localhost", "shop.example"))
    assert "max-age=300; includeSubDomains" in local
    assert "max-age=31536000; includeSubDomains" in public


def test_a_public_name_is_certified_by_acme_and_localhost_is_not(tmp_path: Path) -> None:
    server = edge(tmp_path, domain="shop.example")
    assert not server.is_local
    assert '"shop.example"' in json.dumps(adapted(server))
    assert '"internal"' not in json.dumps(adapted(server))

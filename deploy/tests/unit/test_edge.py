"""The edge's configuration, as Caddy understands it."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from chassis.http.openapi import document
from chassis.service import load_services
from chassis.settings import Settings
from engines.local.edge import CADDYFILE, Edge
from engines.local.executables import executable
from engines.state import REPOSITORY
from support.caddy import check_routes, handlers, routes_of

PLACES = ["127.0.0.1:21001", "127.0.0.1:21002"]
ROUTES = sorted((CADDYFILE.parent / "routes").glob("*.caddy"))


def edge(folder: Path, **more: Any) -> Edge:
    settings = {"upstreams": {"all": PLACES}, "addresses": ["127.0.0.1"], **more}
    return Edge(folder, 8443, http_port=8080, **settings)


def adapted(server: Edge) -> dict[str, Any]:
    server.prepare()
    command = [str(executable("caddy")), "adapt", "--config", str(CADDYFILE), "--adapter", "caddyfile"]
    done = subprocess.run(command, env=server.full_environment(), capture_output=True, check=True)
    configuration: dict[str, Any] = json.loads(done.stdout)
    return configuration


@pytest.fixture
def configuration(tmp_path: Path) -> dict[str, Any]:
    return adapted(edge(tmp_path))


@pytest.mark.parametrize("file", [CADDYFILE, *ROUTES], ids=lambda file: file.stem)
def test_it_is_formatted(file: Path, tmp_path: Path) -> None:
    done = subprocess.run([executable("caddy"), "fmt", file], capture_output=True, check=False, cwd=tmp_path)
    assert done.stdout.decode() == file.read_text()


@pytest.mark.parametrize("upstreams", [{"all": PLACES}, {"orders": PLACES[:1], "catalog": PLACES[1:]}], ids=str)
def test_it_is_valid(tmp_path: Path, upstreams: dict[str, list[str]]) -> None:
    server = edge(tmp_path, upstreams=upstreams)
    server.prepare()
    command = [str(executable("caddy")), "validate", "--config", str(CADDYFILE), "--adapter", "caddyfile"]
    done = subprocess.run(command, env=server.full_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_place_for_an_instance_is_asked_for_readiness(configuration: dict[str, Any]) -> None:
    for proxy in handlers(configuration, "reverse_proxy"):
        assert [each["dial"] for each in proxy["upstreams"]] == ["127.0.0.1:21001", "127.0.0.1:21002"]
        assert proxy["health_checks"]["active"]["uri"] == "/readyz"


@pytest.mark.parametrize("upstreams", [{"all": PLACES}, {"orders": PLACES[:1], "catalog": PLACES[1:]}], ids=str)
def test_what_clients_do_is_not_held_against_an_instance(tmp_path: Path, upstreams: dict[str, list[str]]) -> None:
    proxies = list(handlers(adapted(edge(tmp_path, upstreams=upstreams)), "reverse_proxy"))
    assert proxies
    for proxy in proxies:
        passive = proxy["health_checks"].get("passive", {})
        assert passive.keys() <= {"unhealthy_request_count"}


@pytest.mark.parametrize("upstreams", [{"all": PLACES}, {"orders": PLACES[:1], "catalog": PLACES[1:]}], ids=str)
def test_every_body_is_gathered_before_an_instance_sees_it(tmp_path: Path, upstreams: dict[str, list[str]]) -> None:
    proxies = list(handlers(adapted(edge(tmp_path, upstreams=upstreams)), "reverse_proxy"))
    assert all(each["request_buffers"] > Settings().max_body_bytes for each in proxies)


def test_every_path_goes_to_the_service_that_answers_it(tmp_path: Path) -> None:
    """The routes of a tier in which every service is a process of its own, compared with what the services say."""
    names = [each.name for each in load_services(["all"]) if each.paths]
    check_routes(adapted(edge(tmp_path, upstreams={name: [f"{name}.test:1"] for name in names})))


def test_streams_are_not_counted_with_the_requests_of_an_instance(tmp_path: Path) -> None:
    proxies = list(handlers(adapted(edge(tmp_path, upstreams={"orders": PLACES[:1]}, requests=7)), "reverse_proxy"))
    bounds = {
        each["upstreams"][0]["dial"]: each["health_checks"].get("passive", {}).get("unhealthy_request_count")
        for each in proxies
        if "upstreams" in each
    }
    assert bounds == {PLACES[0]: 7, f"tcp/{PLACES[0]}": None}


def test_only_safe_requests_are_repeated(configuration: dict[str, Any]) -> None:
    for proxy in handlers(configuration, "reverse_proxy"):
        assert proxy["load_balancing"]["retry_match"] == [{"method": ["GET", "HEAD", "OPTIONS"]}]


def test_streams_are_called_so(configuration: dict[str, Any]) -> None:
    """The edge knows a stream by the end of its path."""
    paths = document(load_services(["all"]))["paths"]
    streams = {
        path
        for path, calls in paths.items()
        for call in calls.values()
        if "text/event-stream" in call["responses"].get("200", {}).get("content", {})
    }
    matchers = [match.get("path") for route in routes_of(configuration) for match in route.get("match", ())]
    assert ["*/stream"] in matchers
    assert streams == {path for path in paths if path.endswith("/stream")}


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
    assert configuration["admin"]["listen"] == "unix/admin.sock|0600"


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


def test_what_the_configuration_reads_some_engine_or_operator_sets() -> None:
    read = {name for file in (CADDYFILE, *ROUTES) for name in re.findall(r"\{\$(EDGE_[A-Z]+)", file.read_text())}
    local = (REPOSITORY / "deploy" / "engines" / "local" / "edge.py").read_text()
    compose = (REPOSITORY / "compose" / "startup.yaml").read_text()
    chart = (REPOSITORY / "helm" / "boxoffice" / "templates" / "edge.yaml").read_text()
    assert {name for name in read if not any(name in text for text in (local, compose, chart))} == {"EDGE_PATIENCE"}
    assert all("EDGE_REGION" in text for text in (local, compose, chart)), "the first is for tests, which wait less"

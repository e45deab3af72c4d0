"""Who may reach whom in the cluster, and which secrets are whose: tried from inside pods."""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hvac import exceptions as refused

from chassis.outgoing import vault_client
from chassis.service import load_services
from engines.kubernetes.cluster import Cluster
from engines.kubernetes.pods import APP, DEPENDENCIES
from engines.protocol import EngineError
from support.customer import Customer
from support.idle import idle_pod
from support.shapes import Performance
from support.stack import Stack

pytestmark = pytest.mark.faults

SERVICES = load_services(["all"])
PUBLIC = [each.name for each in SERVICES if any(path.startswith("/api/") for path in each.paths)]
DIAL = """
import socket, sys
from concurrent.futures import ThreadPoolExecutor
def dial(place):
    host, _, port = place.partition(":")
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
    except OSError:
        return place, "closed"
    return place, "reached"
with ThreadPoolExecutor(20) as pool:
    for each in pool.map(dial, sys.argv[1:]):
        print(*each)
"""
STRANGER = "stranger"


def reached(cluster: Cluster, pod: str, places: list[str]) -> set[str]:
    """The places (`host:port`) that a process in `pod` can connect to."""
    said = cluster.kubectl("exec", pod, "--", "python", "-c", DIAL, *places)
    answers = [line.split() for line in said.splitlines()]
    assert [place for place, _ in answers] == places
    return {place for place, how in answers if how == "reached"}


@pytest.fixture
def pods(cluster: Cluster) -> dict[str, str]:
    """`HOST:8000` of a pod of each service: its own address, so that what has no Service is tried too."""
    found = {}
    for each in SERVICES:
        [pod, *_] = cluster.get("pods", "--selector", f"app.kubernetes.io/component={each.name}")
        found[each.name] = f"{pod['status']['podIP']}:8000"
    return found


@pytest.fixture
def stranger(cluster: Cluster) -> Iterator[str]:
    """A pod that belongs to nobody."""
    with idle_pod(cluster, STRANGER):
        yield STRANGER


def test_a_stranger_reaches_nothing_but_the_edge(cluster: Cluster, pods: dict[str, str], stranger: str) -> None:
    servers = {"postgres": 5432, "valkey": 6379, "kafka": 9092, "openbao": 8200}
    dependencies = [f"{DEPENDENCIES}-{name}:{port}" for name, port in servers.items()]
    edge = f"{APP}-edge:443"
    assert reached(cluster, stranger, [*pods.values(), *dependencies, edge]) == {edge}


@pytest.mark.parametrize("service", SERVICES, ids=lambda each: each.name)
def test_a_service_reaches_whom_it_may_call_and_no_other(cluster: Cluster, pods: dict[str, str], service: Any) -> None:
    others = {name: place for name, place in pods.items() if name != service.name}
    callees = {each.name for each in SERVICES if service.name in each.callers}
    pod = cluster.get("pods", "--selector", f"app.kubernetes.io/component={service.name}")[0]["metadata"]["name"]
    assert reached(cluster, pod, list(others.values())) == {others[name] for name in callees}


def test_the_edge_reaches_what_has_a_public_interface_and_nothing_behind_it(
    cluster: Cluster, pods: dict[str, str]
) -> None:
    def answers(place: str) -> bool:
        try:
            dial = ["timeout", "5", "nc", "-w", "2", *place.split(":")]
            cluster.kubectl("exec", f"deployment/{APP}-edge", "--", *dial)
        except EngineError:
            return False
        return True

    places = pods | {"postgres": f"{DEPENDENCIES}-postgres:5432"}
    with ThreadPoolExecutor() as pool:
        found = dict(zip(places, pool.map(answers, places.values()), strict=True))
    assert {name for name, answered in found.items() if answered} == set(PUBLIC)


@pytest.mark.parametrize("service", SERVICES, ids=lambda each: each.name)
async def test_a_service_account_opens_the_secrets_of_its_service_and_no_others(
    stack: Stack, cluster: Cluster, service: Any
) -> None:
    jwt = cluster.kubectl("create", "token", f"{APP}-{service.name}", "--audience=vault").strip()
    vault = vault_client(stack.access().vault_addr)
    await asyncio.to_thread(vault.auth.kubernetes.login, service.name, jwt)
    assert vault.read(f"database/creds/{service.name}")
    for other in (each.name for each in SERVICES if each is not service):
        for path in (f"database/creds/{other}", f"database/creds/{other}-owner", f"kv/data/services/{other}"):
            with pytest.raises(refused.Forbidden):
                vault.read(path)
        with pytest.raises((refused.Forbidden, refused.InvalidRequest)):
            vault.auth.kubernetes.login(other, jwt)


async def test_the_audit_log_says_who_read_what(cluster: Cluster, customer: Customer, performance: Performance) -> None:
    """Also who was refused, as in the test above. Payments asks for its key when it first charges somebody."""
    assert (await customer.buy(performance.id)).status == "confirmed"
    lines = cluster.kubectl("logs", f"{DEPENDENCIES}-openbao-0", "--tail=20000").splitlines()
    entries = [json.loads(line) for line in lines if line.startswith("{") and '"request"' in line]
    readers = {
        (each["request"]["path"], each["auth"]["metadata"]["service_account_name"])
        for each in entries
        if each.get("type") == "response"
        and each.get("auth", {}).get("metadata")
        and each["auth"].get("policy_results", {}).get("allowed")  # has none where a login is refused
    }
    assert ("kv/data/services/payments", f"{APP}-payments") in readers
    by_others = {account for path, account in readers if path == "kv/data/services/payments"}
    assert by_others <= {f"{APP}-payments", f"{APP}-migrate", f"{APP}-vault-setup"}

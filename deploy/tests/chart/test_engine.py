"""What the kubernetes engine tells the charts, and how it reads what a cluster says."""

from pathlib import Path
from typing import Any

import pytest

from deploy.tests.chart.conftest import Object, Render, of_kind
from engines.external import External
from engines.kubernetes.cluster import Cluster
from engines.kubernetes.pods import health, living, row
from engines.kubernetes.release import Wishes, app_values, setup_secret
from engines.protocol import EngineError
from engines.tier import load_tier

GIVEN = {
    "DATABASE_URL": "postgresql://admin:hush-hush@db.example:5432",
    "REDIS_URL": "rediss://:hush-hush@cache.example:6380/0",
    "KAFKA_BOOTSTRAP_SERVERS": "k1.example:9092,k2.example:9092",
    "VAULT_ADDR": "https://vault.example",
    "VAULT_TOKEN": "hush-hush",
}


class OneNode(Cluster):
    """A cluster of one node, as far as values depend on it."""

    def get(self, *arguments: str) -> Any:
        assert arguments == ("nodes",)
        addresses = [{"type": "Hostname", "address": "node"}, {"type": "InternalIP", "address": "10.0.0.9"}]
        return [{"status": {"addresses": addresses}}]


def values(environment: dict[str, str]) -> Object:
    return app_values(Wishes.from_environment(load_tier("growth"), environment), OneNode("shop"))


def test_without_a_domain_the_edge_is_at_a_port_of_the_nodes(render: Render) -> None:
    objects = render(values({"EDGE_HTTPS_PORT": "31443", "BOXOFFICE_IMAGE": "registry.example/shop"}))
    service = of_kind(objects, "Service")["boxoffice-edge"]["spec"]
    assert service["type"] == "NodePort"
    assert [port.get("nodePort") for port in service["ports"]] == [None, 31443]
    deployment = of_kind(objects, "Deployment")["boxoffice-orders"]["spec"]["template"]["spec"]
    assert deployment["containers"][0]["image"] == "registry.example/shop/app:dev"


def test_a_domain_comes_with_a_load_balancer(render: Render) -> None:
    objects = render(values({"EDGE_DOMAIN": "shop.example"}))
    assert of_kind(objects, "Service")["boxoffice-edge"]["spec"]["type"] == "LoadBalancer"


def test_servers_of_its_own_are_reached_where_they_are_and_have_one_broker(render: Render) -> None:
    objects = render(values({}))
    rules = of_kind(objects, "NetworkPolicy")["boxoffice-payments"]["spec"]["egress"]
    assert [{"podSelector": {"matchLabels": {"app.kubernetes.io/instance": "dependencies"}}}] in [
        rule.get("to") for rule in rules
    ]
    assert environment_of(objects)["KAFKA_REPLICATION"] == "1"


def test_given_servers_are_told_without_their_credentials(render: Render) -> None:
    objects = render(values(GIVEN))
    environment = environment_of(objects)
    assert environment["DATABASE_URL"] == "postgresql://db.example:5432?sslmode=require"
    assert environment["REDIS_URL"] == "rediss://cache.example:6380/0"
    assert environment["VAULT_ADDR"] == "https://vault.example"
    assert environment["KAFKA_REPLICATION"] == "3"
    assert "hush-hush" not in str(objects)
    ports = {
        each["port"] for each in of_kind(objects, "NetworkPolicy")["boxoffice-orders"]["spec"]["egress"][0]["ports"]
    }
    assert ports == {443, 1025, 5432, 6380, 9092}
    secret = setup_secret(External.from_environment(GIVEN))
    assert set(secret["data"]) == {"database_url", "vault_token", "redis_url"}


def test_half_of_the_servers_is_refused() -> None:
    with pytest.raises(EngineError, match="all together, or none"):
        values({"REDIS_URL": "redis://cache.example"})


def test_settings_of_services_and_files_of_values_are_passed_on(tmp_path: Path) -> None:
    wishes = Wishes.from_environment(
        load_tier("growth"), {"PAYMENTS_MAX_PER_SECOND": "5", "BOXOFFICE_VALUES": f"{tmp_path}/a.yaml", "HOME": "/"}
    )
    assert wishes.settings == {"PAYMENTS_MAX_PER_SECOND": "5"}
    assert wishes.files == [tmp_path / "a.yaml"]


def pod(name: str, **status: Any) -> Object:
    spec = {"containers": [{"ports": [{"containerPort": 8000}]}]}
    labels = {"boxoffice/role": "all", "app.kubernetes.io/component": "orders"}
    return {"metadata": {"name": name, "labels": labels}, "spec": spec, "status": {"phase": "Running", **status}}


def condition(kind: str, status: str) -> Object:
    return {"type": kind, "status": status}


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ({"conditions": [condition("Ready", "True")]}, "ready"),
        ({"conditions": [condition("PodScheduled", "False")], "phase": "Pending"}, "unplaced"),
        ({"conditions": [condition("PodScheduled", "True")]}, "running"),
        (
            {"containerStatuses": [{"restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]},
            "CrashLoopBackOff",
        ),
    ],
    ids=str,
)
def test_a_pod_that_is_not_ready_says_why(status: Object, words: str) -> None:
    assert health(pod("boxoffice-orders-1", **status)) == words


def test_a_row_is_what_kubectl_calls_the_pod() -> None:
    found = row(pod("boxoffice-orders-6c5d-x2xk9", podIP="10.1.2.3"), {"boxoffice-orders-6c5d-x2xk9": 2**20})
    assert (found.process, found.role, found.host, found.port) == (
        "boxoffice-orders-6c5d-x2xk9",
        "app",
        "10.1.2.3",
        8000,
    )
    assert found.memory == 2**20


def test_who_ends_or_is_done_is_not_there_any_more() -> None:
    ending, done, job = pod("ending"), pod("done", phase="Succeeded"), pod("job")
    ending["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    job["metadata"]["ownerReferences"] = [{"kind": "Job"}]
    assert [each["metadata"]["name"] for each in living([ending, done, job, pod("there")])] == ["there"]


def environment_of(objects: list[Object]) -> dict[str, str]:
    [container] = of_kind(objects, "Deployment")["boxoffice-orders"]["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each.get("value", "") for each in container["env"]}

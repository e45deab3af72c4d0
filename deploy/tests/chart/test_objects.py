"""In every combination of values: what is rendered is what Kubernetes knows, and keeps the promises of the chart."""

import json
from functools import cache
from itertools import product
from pathlib import Path

import pytest
import yaml

from deploy.tests.chart.conftest import CHARTS, REQUIRED, Object, Render, of_kind, pod_specs, run_helm

VERSION = "1.34"
EXPOSE: dict[str, Object] = {
    "LoadBalancer": {},
    "NodePort": {"service": {"nodePort": 30443}},
    "ClusterIP": {"tls": {"secret": "shop-tls"}},
    "Ingress": {"ingress": {"className": "nginx", "tlsSecret": "shop-tls"}},
    "Gateway": {"gateway": {"parentRefs": [{"name": "public"}]}},
}
SPLIT = "accounts:api,catalog,seats:api,seats:worker,orders:api,orders:worker,payments:worker,notifications"
OPERATORS: dict[str, Object] = json.loads((Path(__file__).parent / "definitions" / "schemas.json").read_text())
"""Schemas of what Kubernetes does not know by itself, by kind: its definitions come with somebody else's operator."""

COMBINATIONS = {
    f"{expose}-{secrets}-{scaling}-{'split' if split else 'each'}": {
        "tier": {"SERVICES": SPLIT if split else "each"},
        "edge": {"expose": expose, "domain": "shop.example", **EXPOSE[expose]},
        "secrets": {"mode": secrets},
        "defaults": {"autoscaling": {"enabled": scaling != "fixed"}},
        "keda": {"enabled": scaling == "keda"},
        "monitoring": {
            "serviceMonitor": {"enabled": split},
            "rules": {"enabled": split},
            "dashboards": {"enabled": split},
        },
        "networkPolicies": {"dependencies": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]} if split else {},
    }
    for expose, secrets, scaling, split in product(
        EXPOSE, ("vault", "external-secrets"), ("hpa", "keda", "fixed"), (False, True)
    )
}


@pytest.fixture(params=list(COMBINATIONS.values()), ids=list(COMBINATIONS), scope="session")
def objects(request: pytest.FixtureRequest, render: Render) -> list[Object]:
    return render(request.param)


def test_they_are_objects_of_kubernetes(objects: list[Object]) -> None:
    check(objects)
    names = [(each["kind"], each["metadata"]["name"]) for each in objects]
    assert len(names) == len(set(names))


def test_the_dependencies_are_objects_of_kubernetes(render: Render) -> None:
    objects = render(chart="dependencies")
    check(objects)
    for name, spec in pod_specs(objects).items():
        check_restricted(name, spec)


def test_every_pod_is_restricted_and_no_account_may_ask_the_cluster_anything(objects: list[Object]) -> None:
    pods = pod_specs(objects)
    assert len(pods) >= 9
    for name, spec in pods.items():
        check_restricted(name, spec)
        assert spec["automountServiceAccountToken"] is False, name
        assert all(each["securityContext"]["readOnlyRootFilesystem"] for each in spec["containers"]), name
        tokens = [
            source["serviceAccountToken"]["audience"]
            for volume in spec["volumes"]
            for source in volume.get("projected", {}).get("sources", ())
            if "serviceAccountToken" in source
        ]
        assert set(tokens) <= {"vault"}, name
    for account in of_kind(objects, "ServiceAccount").values():
        assert account["automountServiceAccountToken"] is False


def test_every_deployment_rolls_without_loss(objects: list[Object]) -> None:
    budgets = of_kind(objects, "PodDisruptionBudget")
    for name, deployment in of_kind(objects, "Deployment").items():
        spec = deployment["spec"]
        assert spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0, name
        assert spec["template"]["spec"]["terminationGracePeriodSeconds"] > 30, name
        [container] = spec["template"]["spec"]["containers"]
        assert {"readinessProbe", "livenessProbe"} <= set(container), name
        assert {"cpu", "memory"} <= set(container["resources"]["requests"]), name
        assert "memory" in container["resources"]["limits"], name
        labels = spec["template"]["metadata"]["labels"]
        for selector in (spec["selector"], budgets[name]["spec"]["selector"]):
            assert selector["matchLabels"].items() <= labels.items(), name


def test_instances_are_spread_over_nodes_and_zones(objects: list[Object]) -> None:
    """By one constraint: a second one makes the scheduler ignore both on nodes that lack the label of either."""
    for name, deployment in of_kind(objects, "Deployment").items():
        pod = deployment["spec"]["template"]
        [nodes] = pod["spec"]["topologySpreadConstraints"]
        [zones] = pod["spec"]["affinity"]["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
        assert nodes["topologyKey"] == "kubernetes.io/hostname"
        assert zones["podAffinityTerm"]["topologyKey"] == "topology.kubernetes.io/zone"
        for each in (nodes, zones["podAffinityTerm"]):
            assert each["labelSelector"] == deployment["spec"]["selector"], name


def test_what_is_scaled_by_load_is_not_also_given_a_number(objects: list[Object]) -> None:
    kinds = ("HorizontalPodAutoscaler", "ScaledObject")
    scaled = {each["spec"]["scaleTargetRef"]["name"] for kind in kinds for each in of_kind(objects, kind).values()}
    for name, deployment in of_kind(objects, "Deployment").items():
        assert ("replicas" in deployment["spec"]) != (name in scaled), name


def test_what_nobody_named_is_denied(objects: list[Object]) -> None:
    policies = of_kind(objects, "NetworkPolicy")
    deny = policies["boxoffice-default-deny"]["spec"]
    assert deny["policyTypes"] == ["Ingress", "Egress"]
    assert "ingress" not in deny
    release = deny["podSelector"]["matchLabels"]
    for each in objects:
        pod = each if each["kind"] == "Pod" else each.get("spec", {}).get("template")
        if pod and "spec" in pod:
            assert release.items() <= pod["metadata"]["labels"].items(), each["metadata"]["name"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"edge": {"expsoe": "Ingress"}}, ["edge", "expsoe"]),
        ({"edge": {"expose": "ingress"}}, ["edge", "expose", "LoadBalancer"]),
        ({"services": {"orders": {"path": []}}}, ["services", "orders"]),
        ({"tier": {"KAFKA_PARTITION": 3}}, ["tier", "KAFKA_PARTITION"]),
        ({"dependencies": {"databaseUrl": "postgresql://user:word@host:5432"}}, ["dependencies", "databaseUrl"]),
        ({"secrets": {"mode": "plain"}}, ["secrets", "mode", "external-secrets"]),
        ({"tier": {"SERVICES": "orders,bank"}}, ["bank"]),
        ({"edge": {"expose": "Gateway"}}, ["edge.gateway.parentRefs"]),
        ({"tier": {"TLS": "mutual"}}, ["TLS", "edge"]),
        ({"tier": {"DISCOVERY": "kubernetes"}}, ["DISCOVERY", "dns"]),
        ({"tier": {"REGIONS": "eu-west,us-east"}}, ["REGIONS"]),
        ({"defaults": {"env": {"TLS": "mutual"}}}, ["TLS", "edge"]),
        ({"services": {"orders": {"env": {"TLS": "mutual"}}}}, ["TLS", "edge"]),
        ({"services": {"orders": {"roles": {"api": {"env": {"TLS": "mutual"}}}}}}, ["TLS", "edge"]),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused_by_name(values: Object, words: list[str], tmp_path: Path) -> None:
    file = tmp_path / "values.yaml"
    file.write_text(yaml.safe_dump(values))
    done = run_helm("template", "boxoffice", str(CHARTS / "boxoffice"), "--values", str(file))
    assert done.returncode != 0
    assert [word for word in words if word not in done.stderr] == [], done.stderr


@pytest.mark.parametrize("chart", ["boxoffice", "dependencies"])
def test_lint_finds_nothing(chart: str) -> None:
    done = run_helm("lint", "--strict", str(CHARTS / chart))
    assert done.returncode == 0, done.stdout + done.stderr


def check(objects: list[Object]) -> None:
    """Compare objects with the schemas of Kubernetes and of its operators; a key that these do not know is an error."""
    for each in objects:
        check_text(json.dumps(each, default=str))


@cache
def check_text(text: str) -> None:
    """Most combinations have most objects in common."""
    if not REQUIRED:
        pytest.importorskip("kubernetes_validate", reason="make check-chart brings the schemas of Kubernetes")
    import jsonschema
    import kubernetes_validate

    it = json.loads(text)
    if it["kind"] in OPERATORS:
        jsonschema.validate(it, OPERATORS[it["kind"]])
    else:
        kubernetes_validate.validate(it, VERSION, strict=True)


def check_restricted(name: str, spec: Object) -> None:
    """The Pod Security Standard `restricted`, as far as these pods could miss it."""
    pod = spec["securityContext"]
    assert pod["runAsNonRoot"] is True, name
    assert pod["seccompProfile"] == {"type": "RuntimeDefault"}, name
    allowed = {"configMap", "emptyDir", "projected", "secret", "persistentVolumeClaim"}
    assert {key for volume in spec["volumes"] for key in volume} - {"name"} <= allowed, name
    for container in spec["containers"]:
        security = container["securityContext"]
        assert security["allowPrivilegeEscalation"] is False, name
        assert security["capabilities"]["drop"] == ["ALL"], name
        assert set(security["capabilities"].get("add", ())) <= {"NET_BIND_SERVICE"}, name

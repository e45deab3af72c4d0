"""Network policies: what is not named is denied, and an empty list names no one."""

import json
from collections.abc import Iterator

import pytest

from deploy.tests.chart.conftest import CHARTS, Object, Render, of_kind

SCHEMA: Object = json.loads((CHARTS / "boxoffice" / "values.schema.json").read_text())
SENTINEL: Object = {"ipBlock": {"cidr": "192.0.2.0/24"}}
DIRECTIONS = (("ingress", "from"), ("egress", "to"))


def lists_of_peers(schema: Object, *path: str) -> Iterator[tuple[str, ...]]:
    """Where values have a list of peers."""
    if schema.get("items") == {"$ref": "#/$defs/peer"}:
        yield path
    for name, each in schema.get("properties", {}).items():
        yield from lists_of_peers(each, *path, name)


PEERS = list(lists_of_peers(SCHEMA))


def values_with(path: tuple[str, ...], value: object) -> Object:
    for name in reversed(path):
        value = {name: value}
    assert isinstance(value, dict)
    return value


def rules(objects: list[Object]) -> dict[tuple[str, str], list[tuple[list[Object], object]]]:
    """(peers, ports) of each rule by policy and direction; a rule without peers or ports is a failure."""
    found: dict[tuple[str, str], list[tuple[list[Object], object]]] = {}
    for name, policy in of_kind(objects, "NetworkPolicy").items():
        assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"], name
        for direction, key in DIRECTIONS:
            pairs = [(rule.get(key), rule.get("ports")) for rule in policy["spec"].get(direction) or ()]
            for peers, ports in pairs:
                assert peers, f"{name} lets everyone through: {direction}"
                assert all(peers), f"{name} has an empty peer: {direction}"
                assert ports, f"{name} lets every port through: {direction}"
            found[name, direction] = [(list(peers), ports) for peers, ports in pairs]
    return found


def test_the_lists_of_peers_are_found() -> None:
    assert {path[-1] for path in PEERS} >= {"dependencies", "dns", "clients", "monitoring"}


@pytest.mark.parametrize("empty", [[], None], ids=str)
@pytest.mark.parametrize("path", PEERS, ids=".".join)
def test_an_empty_list_lets_no_one_through(render: Render, path: tuple[str, ...], empty: object) -> None:
    """All that a list changes is its own peers: a rule that has no others is not there."""
    named = rules(render(values_with(path, [SENTINEL])))
    assert any(SENTINEL in peers for pairs in named.values() for peers, _ in pairs)
    without = {
        place: [(others, ports) for peers, ports in pairs if (others := [peer for peer in peers if peer != SENTINEL])]
        for place, pairs in named.items()
    }
    assert rules(render(values_with(path, empty))) == without


def test_with_every_list_empty_only_the_parts_of_the_shop_reach_each_other(render: Render, values: Object) -> None:
    closed: Object = {key: [] for _, key in PEERS}
    peers = [
        peer for pairs in rules(render({"networkPolicies": closed})).values() for found, _ in pairs for peer in found
    ]
    labels = [peer["podSelector"]["matchLabels"] for peer in peers]
    assert {each["app.kubernetes.io/instance"] for each in labels} == {"boxoffice"}
    assert {each["app.kubernetes.io/component"] for each in labels} <= {"edge", *values["services"]}


def test_services_that_no_one_calls_hear_no_one(render: Render, values: Object) -> None:
    services: Object = {name: {"paths": [], "callers": []} for name in values["services"] if name != "catalog"}
    found = rules(render({"services": services, "networkPolicies": {"monitoring": []}}))
    for name in services:
        assert found[f"boxoffice-{name}", "ingress"] == []
    [([catalog], _)] = found["boxoffice-edge", "egress"]
    assert catalog["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "catalog"


def test_a_service_hears_its_callers_and_calls_whom_it_may(render: Render) -> None:
    policies = of_kind(render(), "NetworkPolicy")

    def components(rules: list[Object], key: str) -> set[str]:
        peers = [peer for rule in rules for peer in rule.get(key, ())]
        labels = [peer["podSelector"]["matchLabels"] for peer in peers if "podSelector" in peer]
        return {each["app.kubernetes.io/component"] for each in labels}

    heard = {name: components(each["spec"].get("ingress", []), "from") for name, each in policies.items()}
    called = {name: components(each["spec"].get("egress", []), "to") for name, each in policies.items()}
    assert heard["boxoffice-accounts"] == {"edge", "notifications"}
    assert heard["boxoffice-seats"] == {"edge", "orders"}
    assert heard["boxoffice-orders"] == {"edge", "payments"}
    assert heard["boxoffice-payments"] == set()
    assert called["boxoffice-payments"] == {"orders"}
    assert called["boxoffice-notifications"] == {"accounts"}
    assert called["boxoffice-orders"] == {"seats"}
    assert called["boxoffice-seats"] == set()
    assert called["boxoffice-edge"] == {"accounts", "catalog", "notifications", "orders", "seats"}

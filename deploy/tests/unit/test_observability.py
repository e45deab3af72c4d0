"""Dashboards and alerts ask for what processes really export, and everybody finds what they ask for."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from prometheus_client import REGISTRY
from prometheus_client.metrics_core import Metric

import chassis.observability.metrics
import chassis.observability.security
import orders.counters
import payments.counters
import seats.counters
from engines.compose.project import OBSERVABILITY, Project, files_for
from engines.external import External
from engines.local.plan import request_from
from engines.state import REPOSITORY, State
from engines.tier import load_tier

FOLDER = REPOSITORY / "deploy" / "observability"
DASHBOARDS = sorted((FOLDER / "dashboards").glob("*.json"))
EXPORTERS = (
    chassis.observability.metrics,
    chassis.observability.security,
    orders.counters,
    payments.counters,
    seats.counters,
)
"""The modules whose import makes a process export something; one that is missing here fails the tests below."""

PROMETHEUS_OWN = {"up", "ALERTS"}
if sys.platform != "linux":  # elsewhere a process does not tell
    PROMETHEUS_OWN |= {"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds"}
TARGET_LABELS = {"job", "instance", "alertstate", "le"}
WORDS = {"by", "without", "and", "or", "unless", "on", "offset", "vector", "sum", "count", "rate", "increase", "deriv"}
WORDS |= {"max", "histogram_quantile", "label_values"}

STRINGS = re.compile(r'"[^"]*"')
MATCHERS = re.compile(r"\{([^}]*)\}")
GROUPINGS = re.compile(r"\b(?:by|without|on)\s*\(([^)]*)\)")
RANGES = re.compile(r"\[[^\]]*\]|\b\d+[smhd]\b|\$\w+")
NAMES = re.compile(r"[A-Za-z_:][\w:]*")


def exported(metric: Metric) -> Iterator[str]:
    if metric.type == "histogram":
        yield from (f"{metric.name}_{part}" for part in ("bucket", "count", "sum"))
    else:
        yield f"{metric.name}_total" if metric.type == "counter" else metric.name


def expressions() -> Iterator[tuple[str, str]]:
    for path in DASHBOARDS:
        dashboard = json.loads(path.read_text())
        for panel in dashboard["panels"]:
            yield from ((f"{path.stem}: {panel['title']}", target["expr"]) for target in panel["targets"])
        for variable in dashboard["templating"]["list"]:
            yield f"{path.stem}: ${variable['name']}", variable["query"].replace(", service)", ")")
    for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]:
        yield from ((rule["alert"], rule["expr"]) for rule in group["rules"])


def names_in(expression: str) -> tuple[set[str], set[str]]:
    """Metrics and labels."""
    bare = STRINGS.sub("", expression)
    labels = {name for part in MATCHERS.findall(bare) + GROUPINGS.findall(bare) for name in NAMES.findall(part)}
    rest = RANGES.sub("", GROUPINGS.sub("", MATCHERS.sub("", bare)))
    return {name for name in NAMES.findall(rest) if name not in WORDS and not re.fullmatch(r"e\d+", name)}, labels


@pytest.mark.parametrize(("place", "expression"), list(expressions()))
def test_every_metric_and_label_is_exported(place: str, expression: str) -> None:
    metrics, labels = names_in(expression)
    there = {name for metric in REGISTRY.collect() for name in exported(metric)}
    assert metrics, place
    assert metrics <= there | PROMETHEUS_OWN
    declared = {label for module in EXPORTERS for each in vars(module).values() for label in _labels(each)}
    assert labels <= declared | TARGET_LABELS


def _labels(metric: object) -> tuple[str, ...]:
    return tuple(getattr(metric, "_labelnames", ()))


def test_a_metric_that_is_not_there_is_noticed() -> None:
    assert names_in('sum by (service) (rate(no_such_total{status=~"5.."}[5m])) > 14.4 * 0.001 or vector(0)') == (
        {"no_such_total"},
        {"service", "status"},
    )


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_is_whole(path: Path) -> None:
    dashboard = json.loads(path.read_text())
    panels = dashboard["panels"]
    assert dashboard["uid"] == path.stem
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [(p["gridPos"]["x"] + x, p["gridPos"]["y"]) for p in panels for x in range(p["gridPos"]["w"])]
    assert len(set(places)) == len(places), "panels lie on each other"
    assert max(x for x, _ in places) < 24
    sources = yaml.safe_load((FOLDER / "grafana/datasources/datasources.yaml").read_text())["datasources"]
    assert {panel["datasource"]["uid"] for panel in panels} <= {source["uid"] for source in sources}


def test_every_alert_says_where_to_begin() -> None:
    for group in yaml.safe_load((FOLDER / "alerts.yaml").read_text())["groups"]:
        for rule in group["rules"]:
            assert rule["labels"]["severity"] in ("page", "ticket"), rule["alert"]
            assert {"summary", "runbook"} <= rule["annotations"].keys(), rule["alert"]


def test_every_file_that_the_layer_mounts_is_there_and_every_address_is_a_service_of_it() -> None:
    layer = yaml.safe_load((REPOSITORY / "compose" / "observability.yaml").read_text())
    for service in layer["services"].values():
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert source in layer["volumes"] or (REPOSITORY / "compose" / source).exists(), volume
    text = "\n".join(path.read_text() for path in FOLDER.rglob("*.yaml"))
    hosts = set(re.findall(r"(?:http://|\"|: )([a-z]+):\d{4,5}\b", text)) - {"localhost"}
    assert hosts == {"prometheus", "jaeger", "collector"}
    assert hosts <= layer["services"].keys()


def test_only_grafana_is_published_and_only_to_this_machine() -> None:
    services = yaml.safe_load((REPOSITORY / "compose" / "observability.yaml").read_text())["services"]
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert list(published) == ["grafana"]
    assert all(port.startswith("127.0.0.1:") for port in published["grafana"])


def test_the_layer_is_there_for_those_who_ask_for_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("OBSERVABILITY", raising=False)
    assert OBSERVABILITY not in files_for(External())
    monkeypatch.setenv("OBSERVABILITY", "1")
    state = State(tmp_path / "state")
    state.make()
    project = Project.of(state, files_for(External()))
    passwords = []
    for _ in range(2):
        project.configure(request_from({}, load_tier("startup")))
        passwords.append(Path(project.variables()["GRAFANA_PASSWORD_FILE"]).read_text())
    assert len(passwords[0]) >= 12
    assert passwords[0] == passwords[1]

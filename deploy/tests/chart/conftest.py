"""The chart as `helm template` renders it. Needs helm and no cluster; schemas of Kubernetes come from a package."""

import os
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
import yaml

from engines.state import REPOSITORY

CHARTS = REPOSITORY / "helm"
NAMESPACE = "shop"
REQUIRED = os.environ.get("TEST_CHART") == "required"

Object = dict[str, Any]
Render = Callable[..., list[Object]]


def run_helm(*arguments: str, stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
    """What helm says; without helm the test is skipped, or fails where it was asked for."""
    if shutil.which("helm") is None:
        words = "the chart is not looked at: install helm 3.16 or newer (https://helm.sh/docs/intro/install/)"
        pytest.fail(words) if REQUIRED else pytest.skip(words)
    return subprocess.run(["helm", *arguments], input=stdin, capture_output=True, text=True, check=False)


@pytest.fixture(scope="session")
def render() -> Render:
    """`render({"edge": {"expose": "Ingress"}})`: the objects of the chart with these values. Leave them as they are."""

    @cache
    def rendered(values: str, chart: str) -> list[Object]:
        done = run_helm("template", chart, str(CHARTS / chart), "--namespace", NAMESPACE, "--values", "-", stdin=values)
        assert done.returncode == 0, done.stderr
        return [each for each in yaml.load_all(done.stdout, yaml.CSafeLoader) if each]

    return lambda values=None, *, chart="boxoffice": rendered(yaml.safe_dump(values or {}), chart)


@pytest.fixture(scope="session")
def values() -> Object:
    """values.yaml as it is."""
    values: Object = yaml.safe_load((CHARTS / "boxoffice" / "values.yaml").read_text())
    return values


def of_kind(objects: list[Object], kind: str) -> dict[str, Object]:
    """The objects of this kind by name."""
    return {each["metadata"]["name"]: each for each in objects if each["kind"] == kind}


def pod_specs(objects: list[Object]) -> dict[str, Object]:
    """The pods that come of the objects, by kind and name of where they come from."""
    templates = {
        f"{each['kind']} {each['metadata']['name']}": each["spec"]["template"]["spec"]
        for each in objects
        if each["kind"] in ("Deployment", "StatefulSet", "Job")
    }
    return templates | {f"Pod {name}": each["spec"] for name, each in of_kind(objects, "Pod").items()}

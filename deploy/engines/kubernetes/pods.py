"""Pods as the engine's users see them: rows of a table, and what may be done to whom."""

from collections.abc import Iterable, Mapping
from typing import Any

from engines.kubernetes.cluster import Cluster
from engines.protocol import EngineError, Row

COMPONENT = "app.kubernetes.io/component"
INSTANCE = "app.kubernetes.io/instance"
NAME = "app.kubernetes.io/name"
APP = "boxoffice"
"""The release of the app."""
DEPENDENCIES = "dependencies"
"""The release of the servers for trying out."""
ALIASES = {"broker": "kafka"}
"""What all engines call a server, and what the chart does."""
APP_PORT = 8000
MEBIBYTE = 2**20

Pod = Mapping[str, Any]


def living(pods: Iterable[Pod]) -> list[Pod]:
    """Those that are there to stay: neither told to end, nor done, as the pod of a Job is."""
    return [
        pod
        for pod in pods
        if "deletionTimestamp" not in pod["metadata"]
        and pod["status"].get("phase") not in ("Succeeded", "Failed")
        and not any(owner["kind"] == "Job" for owner in pod["metadata"].get("ownerReferences", ()))
    ]


def labels(pod: Pod) -> Mapping[str, str]:
    found: Mapping[str, str] = pod["metadata"].get("labels", {})
    return found


def is_app(pod: Pod) -> bool:
    return "boxoffice/role" in labels(pod)


def row(pod: Pod, memory: Mapping[str, int]) -> Row:
    """A line of the table."""
    name = pod["metadata"]["name"]
    ports = [port["containerPort"] for each in pod["spec"]["containers"] for port in each.get("ports", ())]
    return Row(
        process=name,
        role="app" if is_app(pod) else labels(pod).get(COMPONENT) or labels(pod).get(NAME, ""),
        instance=None,
        pid=None,
        port=ports[0] if ports else None,
        health=health(pod),
        restarts=sum(each["restartCount"] for each in pod["status"].get("containerStatuses", ())),
        memory=memory.get(name, 0),
        host=pod["status"].get("podIP", ""),
    )


def health(pod: Pod) -> str:
    """`ready`, or in words what it is instead."""
    conditions = {each["type"]: each["status"] for each in pod["status"].get("conditions", ())}
    if conditions.get("Ready") == "True":
        return "ready"
    for each in pod["status"].get("containerStatuses", ()):
        if reason := each["state"].get("waiting", {}).get("reason"):
            return str(reason)
    return (
        str(pod["status"].get("phase", "unknown")).lower() if conditions.get("PodScheduled") == "True" else "unplaced"
    )


def memory_of(cluster: Cluster) -> dict[str, int]:
    """Bytes by pod, as far as the cluster measures it (it needs metrics-server)."""
    try:
        lines = cluster.kubectl("top", "pods", "--no-headers").splitlines()
    except EngineError:
        return {}
    return {words[0]: int(words[2].removesuffix("Mi")) * MEBIBYTE for words in map(str.split, lines)}


def controller_of(cluster: Cluster, name: str) -> tuple[str, str]:
    """(`deployment` or `statefulset`, its name) for a group, a server or one of their pods. Raises EngineError."""
    name = ALIASES.get(name, name)
    objects = cluster.get("deployments,statefulsets")
    there = {each["metadata"]["name"]: each["kind"].lower() for each in objects}
    candidates = [name, *(f"{release}-{name}" for release in (APP, DEPENDENCIES))]
    for candidate in candidates:
        if candidate in there:
            return there[candidate], candidate
    for candidate in sorted(there, key=len, reverse=True):
        if any(each.startswith(f"{candidate}-") for each in candidates):
            return there[candidate], candidate
    raise EngineError(f"there is no {name!r}, there is {', '.join(sorted(there))}")

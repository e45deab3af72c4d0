"""A pod of one's own beside those of the app."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from engines.kubernetes.cluster import Cluster
from engines.kubernetes.pods import APP, INSTANCE
from engines.protocol import NOTHING

FOLDER = "/tmp"  # noqa: S108 - nobody else is in that pod
"""Where files may be written to there."""


@contextmanager
def idle_pod(cluster: Cluster, name: str, labels: Mapping[str, str] = NOTHING) -> Iterator[None]:
    """A pod of the app's image that does nothing, for the time of the block: to start other things in it.

    Without labels it belongs to nobody.
    """
    [model, *_] = cluster.get("pods", "--selector", f"{INSTANCE}={APP},boxoffice/role")
    [container] = model["spec"]["containers"]
    spec = {
        "automountServiceAccountToken": False,
        "securityContext": model["spec"]["securityContext"],
        "containers": [
            {
                "name": name,
                "image": container["image"],
                "command": ["sleep", "600"],
                "securityContext": container["securityContext"],
                "volumeMounts": [{"name": "tmp", "mountPath": FOLDER}],
            }
        ],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
    metadata = {"name": name, "labels": dict(labels)}
    cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    try:
        cluster.kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=60s", seconds=70)
        yield
    finally:
        cluster.kubectl("delete", "pod", name, "--grace-period=0", "--force")

"""The kubernetes engine: the charts of `helm/` in a namespace of whatever cluster kubectl reaches."""

import base64
import json
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from engines.external import BadAddress
from engines.kubernetes import pods, release
from engines.kubernetes.cluster import Cluster
from engines.kubernetes.inside import Inside
from engines.kubernetes.pods import APP, DEPENDENCIES, controller_of, living
from engines.protocol import NOTHING, Access, EngineError, Progress, Row, Up
from engines.state import CURRENT, State
from engines.tier import BadTier, load_tier
from engines.visitor import await_seat_maps, status_of

INSTALL_SECONDS = 300.0
ROLL_SECONDS = 180.0
EDGE_SECONDS = 30.0
EVERYTHING = f"app.kubernetes.io/instance={APP}"


class KubernetesEngine:
    """One tier in one namespace: BOXOFFICE_NAMESPACE, or `boxoffice`. KUBECONFIG says which cluster."""

    name = "kubernetes"

    def __init__(self, state: State) -> None:
        self._state = state

    # Up and down.

    def up(self, tier: str, progress: Progress) -> Up:
        with _explained():
            wishes = release.Wishes.from_environment(load_tier(tier))
        if wishes.tier["SERVICES"] == "all":
            raise EngineError(f"the kubernetes engine runs services apart, and {tier} is one process for all of them")
        already = self._namespace_is_there() and self._cluster.has(APP)
        self._cluster.ensure_namespace()
        if wishes.own_servers:
            self._install(DEPENDENCIES, {}, progress)
        else:
            self._cluster.apply(release.setup_secret(wishes.external))
        self._install(APP, release.app_values(wishes, self._cluster), progress, wishes.files)
        self._state.make()
        self._state.write(CURRENT, {"engine": self.name, "namespace": self._cluster.namespace, "tier": tier})
        url, ca = self.url(), self._write_ca()
        _await_edge(url, ca, progress)
        await_seat_maps(url, ca, progress)
        notes = [f"pods  kubectl --namespace {self._cluster.namespace} get pods"]
        with _explained():
            logins = self._inside.logins()
        return Up(tier=tier, url=url, ca=ca, already=already, logins=logins, notes=notes)

    def promote(self, before: str, tier: str, progress: Progress) -> Up:
        raise EngineError("the kubernetes engine runs one tier, there is none to come from")

    def down(self, progress: Progress, *, clean: bool) -> str:
        if not self._namespace_is_there():
            return "nothing is up"
        self._inside.close()
        progress(APP, "stopping")
        was_up = self._cluster.uninstall(APP, ROLL_SECONDS)
        progress(APP, "stopped")
        if clean:
            self._cluster.kubectl("delete", "namespace", self._cluster.namespace, "--wait", seconds=ROLL_SECONDS)
            (self._state.folder / CURRENT).unlink(missing_ok=True)
            return f"everything is gone, with the namespace {self._cluster.namespace}"
        for each in self._cluster.get("statefulsets"):
            self._resize("statefulset", each["metadata"]["name"], 0)
        return "everything is stopped, the data stays" if was_up else "nothing is up"

    def upgrade(
        self, progress: Progress, groups: Sequence[str] = (), settings: Mapping[str, str] = NOTHING
    ) -> list[str]:
        """Also where the tag of the images is the same as before: each upgrade makes new pods of the services."""
        values = self._cluster.values(APP)
        changed = {**settings, "UPGRADED": f"{time.time():.0f}"}
        if groups:
            services = values.get("services", {})
            own = {name: _with_env(services.get(name, {}), changed) for name in groups}
            values = {**values, "services": {**services, **own}}
        else:
            values = {**values, "defaults": _with_env(values.get("defaults", {}), changed)}
        if tag := os.environ.get("BOXOFFICE_TAG"):
            values = {**values, "image": {**values.get("image", {}), "tag": tag}}
        self._install(APP, values, progress)
        self._await_end_of_terminating()
        return [each.process for each in self.status() if each.role == "app"]

    # Looking.

    def status(self) -> list[Row]:
        found = living(self._cluster.get("pods")) if self._namespace_is_there() else []
        if not any(pods.is_app(each) for each in found):
            raise EngineError("nothing is up: `boxoffice up growth --engine kubernetes` starts it")
        memory = pods.memory_of(self._cluster)
        return sorted((pods.row(each, memory) for each in found), key=lambda row: (row.role == "app", row.process))

    def logs(self, name: str | None, *, follow: bool) -> Iterator[str]:
        of = [self._pod(name), "--all-containers"] if name else ["--selector", EVERYTHING, "--prefix", "--tail=200"]
        more = ["--follow", "--max-log-requests=100"] if follow else []
        yield from self._cluster.lines("logs", *of, *more)

    def url(self) -> str:
        values = self._cluster.values(APP)["edge"]
        if values.get("expose") != "NodePort":
            return f"https://{values['domain']}"
        return f"https://{values['domain']}:{values['service']['nodePort']}"

    def access(self) -> Access:
        domain, ports = urlsplit(self.url()).hostname, self._cluster.get("service", f"{APP}-edge")["spec"]["ports"]
        plain = next(each for each in ports if each["name"] == "http").get("nodePort", 80)
        ca = self._write_ca()
        with _explained():
            return Access(
                url=self.url(),
                plain_url=f"http://{domain}:{plain}",
                ca=ca,
                logins=self._inside.logins(),
                database_url=self._inside.database_url(),
                vault_addr=self._inside.vault_addr(),
                vault_token=self._inside.vault_token(),
            )

    def mails(self) -> list[bytes]:
        with _explained():
            return self._inside.mails()

    # Changing.

    def scale(self, group: str, count: int, progress: Progress) -> None:
        """A number that was given by hand stays: where the group has an autoscaler, that has no choice any more."""
        kind, name = controller_of(self._cluster, group)
        progress(name, "starting")
        with suppress(EngineError):  # has none
            limits = json.dumps({"spec": {"minReplicas": count, "maxReplicas": count}})
            self._cluster.kubectl("patch", "hpa", name, "--patch", limits)
        self._resize(kind, name, count)
        self._await_rollout(kind, name)
        self._await_end_of_terminating()
        progress(name, "ready")

    def restart(self, names: Sequence[str], progress: Progress, *, rolling: bool) -> list[str]:
        """A pod has no second life: new ones come, and the old ones end when those are ready, in either case.

        All services at the same time, and of each one pod after the other, as at an upgrade.
        """
        of = list(dict.fromkeys([controller_of(self._cluster, name) for name in names] or self._app_deployments()))
        for kind, name in of:
            progress(name, "starting")
            self._cluster.kubectl("rollout", "restart", f"{kind}/{name}")
        for kind, name in of:
            self._await_rollout(kind, name)
            progress(name, "ready")
        self._await_end_of_terminating()
        return [each.process for each in self.status() if not names or any(name in each.process for _, name in of)]

    def kill(self, name: str, number: int, *, stays: bool = False) -> int:
        """With signal 9 a pod goes at once and another takes its place. In its container a process is number 1."""
        pod = self._pod(name)
        if number != signal.SIGKILL:
            self._cluster.kubectl("exec", pod, "--", "sh", "-c", f"kill -{number} 1")
            return 1
        if stays:
            self._shrink(name)
        self._cluster.kubectl("delete", "pod", pod, "--grace-period=0", "--force", "--wait=false")
        return 1

    def stop(self, names: Sequence[str], progress: Progress) -> list[str]:
        for name in names:
            progress(name, "stopping")
            self._shrink(name)
            self._await_end_of_terminating()
            progress(name, "stopped")
        return list(names)

    def start(self, names: Sequence[str], progress: Progress) -> list[str]:
        for name in names:
            kind, controller = controller_of(self._cluster, name)
            progress(name, "starting")
            self._resize(kind, controller, self._replicas(kind, controller) + 1)
            self._await_rollout(kind, controller)
            progress(name, "ready")
        return list(names)

    def freeze(self, name: str) -> None:
        raise EngineError(f"{name} goes on: a cluster offers no way to have a process do nothing")

    def thaw(self, name: str) -> None:
        raise EngineError(f"{name} was not frozen")

    # What these are made of.

    @cached_property
    def _cluster(self) -> Cluster:
        given = os.environ.get("BOXOFFICE_NAMESPACE") or self._state.read(CURRENT).get("namespace")
        return Cluster(given or "boxoffice")

    @cached_property
    def _inside(self) -> Inside:
        return Inside(self._cluster)

    def _namespace_is_there(self) -> bool:
        name = self._cluster.namespace
        return bool(self._cluster.kubectl("get", "namespace", name, "--ignore-not-found", "--output", "name").strip())

    def _install(self, chart: str, values: Mapping[str, Any], progress: Progress, files: Sequence[Path] = ()) -> None:
        progress(chart, "starting")
        self._cluster.install(chart, release.CHARTS / chart, values, files, INSTALL_SECONDS)
        progress(chart, "ready")

    def _pod(self, name: str) -> str:
        """The pod of this name, or a pod of what is called so."""
        found = living(self._cluster.get("pods"))
        if any(each["metadata"]["name"] == name for each in found):
            return name
        _, controller = controller_of(self._cluster, name)
        for each in found:
            if each["metadata"]["name"].startswith(f"{controller}-"):
                return str(each["metadata"]["name"])
        raise EngineError(f"{name} has no pod at the moment")

    def _app_deployments(self) -> list[tuple[str, str]]:
        found = self._cluster.get("deployments", "--selector", EVERYTHING)
        names = sorted(each["metadata"]["name"] for each in found)
        return [("deployment", name) for name in names if name != f"{APP}-edge"]

    def _replicas(self, kind: str, name: str) -> int:
        return int(self._cluster.get(kind, name)["spec"]["replicas"])

    def _resize(self, kind: str, name: str, count: int) -> None:
        self._cluster.kubectl("scale", f"{kind}/{name}", f"--replicas={count}")

    def _shrink(self, name: str) -> None:
        """One pod less; which one is the cluster's choice where they are equal."""
        kind, controller = controller_of(self._cluster, name)
        self._resize(kind, controller, max(0, self._replicas(kind, controller) - 1))

    def _await_rollout(self, kind: str, name: str) -> None:
        timeout = f"--timeout={ROLL_SECONDS:.0f}s"
        self._cluster.kubectl("rollout", "status", f"{kind}/{name}", timeout, seconds=ROLL_SECONDS + 10)

    def _await_end_of_terminating(self) -> None:
        """Those that were told to end finish what they do."""
        deadline = time.monotonic() + ROLL_SECONDS
        while any("deletionTimestamp" in each["metadata"] for each in self._cluster.get("pods")):
            if time.monotonic() > deadline:
                raise EngineError("some pods do not end: kubectl get pods shows which")
            time.sleep(0.5)

    def _write_ca(self) -> str | None:
        """The CA of the chart, as a file to trust; None where the certificate is somebody else's."""
        if self._cluster.values(APP).get("edge", {}).get("tls", {}).get("secret"):
            return None
        self._state.make()
        self._state.ca.write_bytes(base64.b64decode(self._cluster.secret(f"{APP}-edge")["ca.crt"]))
        return str(self._state.ca)


def _await_edge(url: str, ca: str | None, progress: Progress) -> None:
    progress("edge", "starting")
    deadline = time.monotonic() + EDGE_SECONDS
    while (status := status_of(url, ca)) != 200:
        if time.monotonic() > deadline:
            raise EngineError(
                f"all pods are ready, and {url} answers {status or 'nothing'} from here. Out of reach? Then "
                "`kubectl port-forward service/boxoffice-edge 8443:443`, or EDGE_DOMAIN with a load balancer"
            )
        time.sleep(0.3)
    progress("edge", "ready")


def _with_env(options: Mapping[str, Any], changed: Mapping[str, str]) -> dict[str, Any]:
    env = {**options.get("env", {}), **changed}
    return {**options, "env": {name: value for name, value in env.items() if value != ""}}


@contextmanager
def _explained() -> Iterator[None]:
    """Errors that have a message for the user, as the one kind that the command shows."""
    try:
        yield
    except (BadTier, BadAddress, OSError, ValueError) as error:
        raise EngineError(str(error)) from error

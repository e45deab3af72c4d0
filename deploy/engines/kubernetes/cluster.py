"""A namespace of a cluster, by way of kubectl and helm: whatever they are logged in to."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from engines.protocol import EngineError

COMMAND_SECONDS = 60.0
GRACE_SECONDS = 30.0
HELP = {
    "kubectl": "install it (https://kubernetes.io/docs/tasks/tools/) and point KUBECONFIG at a cluster",
    "helm": "install it, 3.16 or newer (https://helm.sh/docs/intro/install/)",
}
RESTRICTED = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}


@dataclass(frozen=True)
class Cluster:
    """What is in `namespace`. Every method raises EngineError with what kubectl or helm said."""

    namespace: str

    def kubectl(self, *arguments: str, stdin: str | None = None, seconds: float = COMMAND_SECONDS) -> str:
        """What kubectl answers."""
        return _run(["kubectl", "--namespace", self.namespace, *arguments], stdin, seconds)

    def get(self, *arguments: str) -> Any:
        """An object, or the items of a list."""
        found = json.loads(self.kubectl("get", *arguments, "--output", "json"))
        return found.get("items", found)

    def secret(self, name: str) -> Mapping[str, str]:
        """What is in a Secret, as kubectl gives it: base64."""
        found: dict[str, str] = self.get("secret", name).get("data", {})
        return found

    def apply(self, *objects: Mapping[str, Any]) -> None:
        self.kubectl(
            "apply", "--filename", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
        )

    def ensure_namespace(self) -> None:
        """In which only pods of the Pod Security Standard `restricted` may run."""
        metadata = {"name": self.namespace, "labels": RESTRICTED}
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})

    def lines(self, *arguments: str) -> Iterator[str]:
        """What kubectl prints, line by line, while it runs."""
        command = _checked(["kubectl", "--namespace", self.namespace, *arguments])
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            try:
                for line in process.stdout or ():
                    yield line.rstrip("\n")
            finally:
                process.terminate()

    def install(
        self, release: str, chart: Path, values: Mapping[str, Any], files: Sequence[Path], seconds: float
    ) -> None:
        """Install or upgrade a release, and return when all of it is ready; later `files` win over `values`."""
        command = [
            "upgrade",
            "--install",
            release,
            str(chart),
            "--values",
            "-",
            "--wait",
            "--timeout",
            f"{seconds:.0f}s",
        ]
        more = [word for file in files for word in ("--values", str(file))]
        self.helm(
            *command, *more, *self._helm_owns_its_fields, stdin=json.dumps(values), seconds=seconds + GRACE_SECONDS
        )

    def uninstall(self, release: str, seconds: float) -> bool:
        """Whether there was such a release; it is gone now."""
        if not self.has(release):
            return False
        self.helm("uninstall", release, "--wait", "--timeout", f"{seconds:.0f}s", seconds=seconds + GRACE_SECONDS)
        return True

    def has(self, release: str) -> bool:
        """Whether there is such a release, in whatever state."""
        try:
            self.helm("status", release)
        except EngineError as error:
            if "not found" in str(error):
                return False
            raise
        return True

    def values(self, release: str) -> dict[str, Any]:
        """What a release was given."""
        found: dict[str, Any] = json.loads(self.helm("get", "values", release, "--output", "json")) or {}
        return found

    def helm(self, *arguments: str, stdin: str | None = None, seconds: float = COMMAND_SECONDS) -> str:
        """What helm answers."""
        return _run(["helm", "--namespace", self.namespace, *arguments], stdin, seconds)

    @cached_property
    def _helm_owns_its_fields(self) -> list[str]:
        """Since version 4, helm gives up where somebody else, such as `kubectl scale`, has changed what it set."""
        major = (
            _run(["helm", "version", "--template", "{{.Version}}"], None, COMMAND_SECONDS).lstrip("v").partition(".")[0]
        )
        return ["--force-conflicts"] if int(major) >= 4 else []


def _checked(command: list[str]) -> list[str]:
    if shutil.which(command[0]) is None:
        raise EngineError(f"{command[0]} is not here: {HELP[command[0]]}")
    return command


def _run(command: list[str], stdin: str | None, seconds: float) -> str:
    what = " ".join(command[:5])
    try:
        done = subprocess.run(
            _checked(command), input=stdin, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise EngineError(f"no answer within {seconds:.0f} s: {what} ...") from None
    if done.returncode:
        raise EngineError(f"{what} ...: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout

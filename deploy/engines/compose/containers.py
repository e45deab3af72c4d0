"""The containers of a project: what runs, where, and whether it is ready."""

import json
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engines.compose.docker import docker, inspect
from engines.protocol import EngineError, Row
from engines.tier import UNIT

PROJECT, SERVICE, NUMBER = (f"com.docker.compose.{name}" for name in ("project", "service", "container-number"))
READY_SECONDS = 120.0
LOOK_EVERY = 0.2
UNITS = {"B": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}
NETWORKS = ("back", "front", "watch", "public")


@dataclass(frozen=True, slots=True)
class Container:
    """One process of the stack; `details` are Docker's own."""

    details: Mapping[str, Any]

    @property
    def service(self) -> str:
        return str(self.details["Config"]["Labels"][SERVICE])

    @property
    def number(self) -> int:
        return int(self.details["Config"]["Labels"][NUMBER])

    @property
    def name(self) -> str:
        return str(self.details["Name"]).removeprefix("/")

    @property
    def process(self) -> str:
        return f"{self.service}-{self.number}" if self.service == UNIT else self.service

    @property
    def runs_once(self) -> bool:
        """Whether it does something and ends."""
        return bool(self.details["HostConfig"]["RestartPolicy"]["Name"] in ("no", ""))

    @property
    def pid(self) -> int | None:
        return self.details["State"]["Pid"] or None

    @property
    def image(self) -> str:
        return str(self.details["Image"])

    @property
    def host(self) -> str:
        """Its address on a network of the project; empty when it does not run."""
        networks = self.details["NetworkSettings"]["Networks"]
        found = {name.rpartition("_")[2]: values["IPAddress"] for name, values in networks.items()}
        return next((found[name] for name in NETWORKS if found.get(name)), "")

    @property
    def port(self) -> int | None:
        ports = sorted(int(port.partition("/")[0]) for port in self.details["Config"].get("ExposedPorts") or {})
        return ports[0] if ports else None

    @property
    def published(self) -> tuple[str, int] | None:
        """Host and port of this machine: of several the one for HTTPS, which has the highest number inside."""
        ports = self.details["NetworkSettings"]["Ports"].items()
        found = sorted((int(inner.partition("/")[0]), outer[0]) for inner, outer in ports if outer)
        return (found[-1][1]["HostIp"], int(found[-1][1]["HostPort"])) if found else None

    @property
    def health(self) -> str:
        state = self.details["State"]
        if state["Paused"]:
            return "frozen"
        if state["Status"] != "running":
            return "restarting" if state["Status"] == "restarting" else "stopped"
        return "ready" if state.get("Health", {}).get("Status", "healthy") == "healthy" else "not ready"

    def row(self, memory: int) -> Row:
        host, port = self.published or (self.host, self.port)
        return Row(
            process=self.process,
            role=self.service,
            instance=self.number if self.service == UNIT else None,
            pid=self.pid,
            port=port,
            health=self.health,
            restarts=self.details["RestartCount"],
            memory=memory,
            host=host,
        )


def containers(project: str) -> list[Container]:
    """Those of a project that go on running, in a steady order. Raises EngineError."""
    listed = docker("ps", "-aq", "--filter", f"label={PROJECT}={project}").split()
    found = [each for each in map(Container, _inspect(listed)) if not each.runs_once]
    return sorted(found, key=lambda each: (each.service == UNIT, each.process))


def memory_of(names: Sequence[str]) -> dict[str, int]:
    """Bytes by container. Raises EngineError."""
    if not names:
        return {}
    lines = docker("stats", "--no-stream", "--format", "{{json .}}", *names).splitlines()
    return {row["Name"]: _bytes(row["MemUsage"].partition("/")[0].strip()) for row in map(json.loads, lines)}


def until_ready(names: Sequence[str]) -> None:
    """Wait until the health check of each container succeeds; it is asked now, not when its turn comes.

    Raises EngineError with what the container says.
    """
    deadline = time.monotonic() + READY_SECONDS
    for name in names:
        while not _is_ready(name):
            if time.monotonic() > deadline:
                raise EngineError(f"{name} is not ready after {READY_SECONDS:g} s:\n{last_words(name)}")
            time.sleep(LOOK_EVERY)


def last_words(name: str) -> str:
    """The end of a container's log."""
    done = subprocess.run(["docker", "logs", "--tail", "12", name], capture_output=True, text=True, check=False)
    return (done.stdout + done.stderr).strip()


def _is_ready(name: str) -> bool:
    [details] = inspect([name])
    if details["State"]["Status"] != "running":
        return False
    kind, *test = (details["Config"].get("Healthcheck") or {}).get("Test") or ["NONE"]
    if kind == "NONE":
        return True
    command = ["sh", "-c", *test] if kind == "CMD-SHELL" else test
    return subprocess.run(["docker", "exec", name, *command], capture_output=True, check=False).returncode == 0


def _inspect(identifiers: Sequence[str]) -> list[dict[str, Any]]:
    """As `inspect`; a container that goes away in between is left out."""
    try:
        return inspect(identifiers)
    except EngineError:
        found: list[dict[str, Any]] = []
        for each in identifiers:
            try:
                found += inspect([each])
            except EngineError:
                continue
        return found


def _bytes(text: str) -> int:
    match = re.fullmatch(r"([\d.]+)(\w+)", text)
    return int(float(match[1]) * UNITS.get(match[2], 1)) if match else 0

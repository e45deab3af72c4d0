"""Which engine runs a tier: the one that was asked for, or else the best that is really there."""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engines.protocol import Engine, EngineError

LOOK_SECONDS = 5.0


def _local() -> Engine:
    from engines.local.engine import LocalEngine

    return LocalEngine()


ENGINES: Mapping[str, Callable[[], Engine]] = {"local": _local}
"""The engines that there are."""

PLANNED = ("compose", "kubernetes")
"""They have a name already and nothing behind it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine, and why it is this one."""

    engine: Engine
    reason: str


def choose(name: str | None) -> Choice:
    """The engine `name`, or without a name the one that is there. Raises EngineError."""
    if name:
        return Choice(_engine(name), "you asked for it")
    reasons = [f"{planned} is not built yet, though {there}" for planned in PLANNED if (there := LOOKS[planned]())]
    return Choice(_engine("local"), "; ".join(reasons) or "neither a Docker engine nor a Kubernetes cluster answers")


def engine_in_use(name: str | None) -> Engine:
    """The engine to ask about what is up. Raises EngineError."""
    return _engine(name or "local")


def _engine(name: str) -> Engine:
    if name in ENGINES:
        return ENGINES[name]()
    if name in PLANNED:
        raise EngineError(f"the engine {name} is not built yet: ENGINE=local runs the same services on this machine")
    raise EngineError(f"there is no engine {name!r}: choose one of {', '.join([*ENGINES, *PLANNED])}")


def docker() -> str:
    """In words that a Docker engine answers; empty when only the client is there, or nothing."""
    return "a Docker engine answers" if _answers("docker", "version", "--format", "{{.Server.Version}}") else ""


def cluster() -> str:
    """In words that a cluster answers; empty when only kubectl is there, or nothing."""
    return "a Kubernetes cluster answers" if _answers("kubectl", "version", "--request-timeout=3s") else ""


LOOKS: Mapping[str, Callable[[], str]] = {"compose": docker, "kubernetes": cluster}


def _answers(program: str, *arguments: str) -> bool:
    if shutil.which(program) is None:
        return False
    try:
        done = subprocess.run([program, *arguments], capture_output=True, timeout=LOOK_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0

"""Which engine runs a tier: the one that was asked for, or else the best that is really there."""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engines.protocol import Engine, EngineError
from engines.state import State, current_state

LOOK_SECONDS = 5.0


def _local(state: State) -> Engine:
    from engines.local.engine import LocalEngine

    return LocalEngine(state)


ENGINES: Mapping[str, Callable[[State], Engine]] = {"local": _local}
"""The engines that there are, each of a stack in a state folder."""

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
        return Choice(engine_of(name, current_state()), "you asked for it")
    why_not = [f"{planned} is not built yet, though {there}" for planned in PLANNED if (there := LOOKS[planned]())]
    reason = "; ".join(why_not) or "neither a Docker engine nor a Kubernetes cluster answers"
    return Choice(engine_of("local", current_state()), reason)


def engine_in_use(name: str | None) -> Engine:
    """The engine to ask about what is up. Raises EngineError."""
    return engine_of(name or "local", current_state())


def engine_of(name: str, state: State) -> Engine:
    """The engine `name` of the stack in a state folder. Raises EngineError."""
    if name in ENGINES:
        return ENGINES[name](state)
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

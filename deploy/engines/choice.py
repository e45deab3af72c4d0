"""Which engine runs a tier: the one that was asked for, or else the best that is really there."""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from engines.identity import Copied, Linked, NotThisStack
from engines.protocol import Engine, EngineError
from engines.state import CURRENT, State, current_state

LOOK_SECONDS = 5.0


def _local(state: State) -> Engine:
    from engines.local.engine import LocalEngine

    return LocalEngine(state)


def _compose(state: State) -> Engine:
    from engines.compose.engine import ComposeEngine

    return ComposeEngine(state)


def _kubernetes(state: State) -> Engine:
    from engines.kubernetes.engine import KubernetesEngine

    return KubernetesEngine(state)


ENGINES: Mapping[str, Callable[[State], Engine]] = {"local": _local, "compose": _compose, "kubernetes": _kubernetes}
"""The engines that there are, each of a stack in a state folder."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine, and why it is this one."""

    engine: Engine
    reason: str


def choose(name: str | None, tier: str = "startup") -> Choice:
    """The engine `name`, or without a name the one that is there for this tier. Raises EngineError."""
    state = own_state()
    if name:
        return Choice(engine_of(name, state), "you asked for it")
    if used := state.read(CURRENT).get("engine"):
        return Choice(engine_of(used, state), f"it has run the stack in {state.folder}")
    if tier != "startup":
        if there := cluster():
            return Choice(engine_of("kubernetes", state), there)
        return Choice(engine_of("local", state), "no Kubernetes cluster answers")
    if problem := docker():
        return Choice(engine_of("local", state), problem)
    return Choice(engine_of("compose", state), "a Docker engine and docker compose answer")


def engine_in_use(name: str | None) -> Engine:
    """The engine to ask about what is up. Raises EngineError."""
    state = own_state()
    return engine_of(name or state.read(CURRENT).get("engine") or "local", state)


def leave_alone(*, clean: bool) -> str:
    """Where the state folder is a copy, what `down` says: nothing of it is up. `clean` removes the copy. Else empty."""
    state = current_state()
    try:
        state.identity()
    except Copied as error:
        if clean:
            state.remove()
            return f"removed the copy {state.folder}; the stack that it was copied from is left alone"
        return f"nothing is up: {error}"
    except Linked:
        pass  # `engine_in_use` says what to do
    return ""


def own_state() -> State:
    """The state folder, unless it is a copy of another stack's or a link to it. Raises EngineError."""
    state = current_state()
    try:
        state.identity()
    except NotThisStack as error:
        raise EngineError(f"nothing is up here: {error}") from error
    return state


def engine_of(name: str, state: State) -> Engine:
    """The engine `name` of the stack in a state folder. Raises EngineError."""
    if name in ENGINES:
        return ENGINES[name](state)
    raise EngineError(f"there is no engine {name!r}: choose one of {', '.join(ENGINES)}")


def docker() -> str:
    """In words what is missing for compose; empty when nothing is."""
    from engines.compose.docker import missing

    return missing()


def cluster() -> str:
    """In words that a cluster answers; empty when only kubectl is there, or nothing."""
    return "a Kubernetes cluster answers" if _answers("kubectl", "version", "--request-timeout=3s") else ""


def _answers(program: str, *arguments: str) -> bool:
    if shutil.which(program) is None:
        return False
    try:
        done = subprocess.run([program, *arguments], capture_output=True, timeout=LOOK_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0

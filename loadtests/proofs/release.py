"""Another release of the same code, for an upgrade to have something to bring."""

import time

from engines.compose.project import Project
from engines.protocol import Engine
from engines.state import CURRENT, current_state


def make_another_release(engine: Engine) -> None:
    """Containers are replaced only where their image is another one: it gets another revision. Processes always are."""
    if engine.name != "compose":
        return
    state = current_state()
    Project.of(state, state.read(CURRENT)["files"]).set(BOXOFFICE_REVISION=f"proof-{time.time_ns()}")

"""Instances come and go, one set after the other, so that nobody notices."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from engines.compose.containers import Container, containers, until_ready
from engines.compose.docker import docker
from engines.compose.project import Project
from engines.protocol import EngineError, Progress
from engines.state import CURRENT
from engines.tier import UNIT
from engines.visitor import until_served_by

EDGE_NOTICES_SECONDS = 4.0
"""The edge asks twice a second at each place whether there is an instance, and waits three for the answer."""
PLACES = 8
"""So many the edge knows of: see EDGE_UPSTREAMS in compose/startup.yaml."""


def scale(project: Project, count: int, progress: Progress) -> None:
    """Run `count` instances. New ones take part when this returns, old ones finish their work before."""
    if not 1 <= count <= PLACES:
        raise EngineError(f"{UNIT} can have 1 to {PLACES} instances, which are the places that the edge knows")
    project.set(INSTANCES=str(count))
    _converge(project, count, progress)


def restart(project: Project, chosen: Sequence[Container], progress: Progress, *, rolling: bool) -> None:
    """Restart containers at once; `rolling`: each once the one before takes part again."""
    if rolling:
        for each in chosen:
            _restart(each, progress)
            _until_taking_part(project, [each])
    elif chosen:
        with ThreadPoolExecutor(len(chosen)) as threads:
            list(threads.map(lambda each: _restart(each, progress), chosen))


def replace(project: Project, running: Sequence[Container], progress: Progress) -> None:
    """Have all instances run the image that is there now, and as many as before.

    New ones come at free places; then compose makes the old ones anew, all at once but at their own places; then the
    first ones go. So an instance keeps its number, for the edge knows no others.
    """
    if not _are_outdated(project, running):
        return
    count = len(running)
    if 2 * count > PLACES:
        _converge(project, count := PLACES // 2, progress)
    _converge(project, 2 * count, progress)
    project.run("up", "--detach", "--no-deps", "--scale", f"{UNIT}={2 * count}", UNIT, progress=progress)
    _await(project)
    _converge(project, len(running), progress)


def stop(chosen: Sequence[Container], progress: Progress) -> None:
    """Stop containers in order; Docker does not start them again."""
    for each in chosen:
        progress(each.process, "stopping")
    docker("stop", *(each.name for each in chosen))
    for each in chosen:
        progress(each.process, "stopped")


def start(chosen: Sequence[Container], progress: Progress) -> None:
    """Start containers, and wait until they are ready. Harmless when they run."""
    for each in chosen:
        progress(each.process, "starting")
    docker("start", *(each.name for each in chosen))
    for each in chosen:
        until_ready([each.name])
        progress(each.process, "ready")


def _restart(container: Container, progress: Progress) -> None:
    progress(container.process, "stopping")
    docker("restart", container.name)
    until_ready([container.name])
    progress(container.process, "ready")


def _converge(project: Project, count: int, progress: Progress) -> None:
    """Have `count` instances without touching those that stay, and wait until the edge knows them."""
    arguments = ["up", "--detach", "--no-deps", "--no-recreate", "--scale", f"{UNIT}={count}", UNIT]
    project.run(*arguments, progress=progress)
    _await(project)


def _await(project: Project) -> None:
    instances = [each for each in containers(project.name) if each.service == UNIT and each.pid]
    until_ready([each.name for each in instances])
    _until_taking_part(project, instances)


def _until_taking_part(project: Project, chosen: Sequence[Container]) -> None:
    """Wait until the edge sends requests to each instance. A public name may lead elsewhere, from inside: that takes
    as long as it takes at most.
    """
    current = project.state.read(CURRENT)
    if not current["local"]:
        time.sleep(EDGE_NOTICES_SECONDS)
        return
    try:
        names = [each.process for each in chosen if each.service == UNIT]
        until_served_by(current["url"], str(project.state.ca), names)
    except TimeoutError as error:
        raise EngineError(f"{error}; see `boxoffice logs edge`") from error


def _are_outdated(project: Project, running: Sequence[Container]) -> bool:
    [wanted] = {line.split()[-1] for line in project.say("config", "--images", UNIT).splitlines() if "/app:" in line}
    newest = docker("image", "inspect", "--format", "{{.Id}}", wanted).strip()
    return any(each.image != newest for each in running)

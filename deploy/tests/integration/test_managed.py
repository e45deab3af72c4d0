"""Supervision: what ends is started again, and counted; what cannot live is given up."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import psutil
import pytest

from chassis.testing import eventually
from engines.local import probes
from engines.local.managed import Managed
from engines.local.ports import free_port
from engines.local.server import HOST, Server
from engines.local.servers import DidNotStart

pytestmark = pytest.mark.timeout(60)


@dataclass(slots=True)
class Web(Server):
    """A small HTTP server; one with `fault` ends at once."""

    fault: str = ""

    role: ClassVar[str] = "web"
    stop_seconds: ClassVar[float] = 1.0

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def command(self) -> list[str]:
        if self.fault:
            return [sys.executable, "-c", f"import sys; sys.exit({self.fault!r})"]
        return [sys.executable, "-m", "http.server", str(self.port), "--bind", HOST, "--directory", str(self.data)]

    def ready(self) -> bool:
        return probes.http_status(self.port, "/") == 200


class Deaf(Web):
    """Takes no notice of the signal that should end it."""

    stop_signal: ClassVar[signal.Signals] = signal.SIGWINCH


Manage = Callable[[Server], Managed]


@pytest.fixture
async def manage() -> AsyncIterator[Manage]:
    made: list[Managed] = []

    def manage(server: Server) -> Managed:
        made.append(Managed(server, lambda: None))
        return made[-1]

    yield manage
    for each in made:
        await each.stop()


@pytest.fixture
async def web(manage: Manage, tmp_path: Path) -> Managed:
    managed = manage(Web(tmp_path, free_port()))
    await managed.start()
    return managed


async def test_what_started_is_ready(web: Managed) -> None:
    assert web.health() == "ready"
    assert web.memory() > 0
    assert web.restarts == 0


async def test_starting_what_runs_changes_nothing(web: Managed) -> None:
    before = web.process_id
    await web.start()
    assert web.process_id == before


async def test_what_is_killed_comes_back_and_is_counted(web: Managed) -> None:
    before = web.process_id
    assert web.send(signal.SIGKILL) == before.pid if before else None

    async def is_back() -> bool:
        return web.process_id not in (None, before) and web.server.ready()

    await eventually(is_back)
    assert web.restarts == 1


async def test_what_was_stopped_stays_so(web: Managed) -> None:
    assert web.process_id is not None
    pid = web.process_id.pid
    await web.stop()
    assert web.health() == "stopped"
    assert web.memory() == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError, match="web is not running"):
        web.send(signal.SIGTERM)
    await web.stop()


async def test_what_was_killed_to_stay_away_comes_back_when_it_is_started(web: Managed) -> None:
    pid = await web.kill(signal.SIGKILL)
    assert not psutil.pid_exists(pid)
    assert web.health() == "stopped"
    assert not web.is_wanted
    await web.start()
    assert web.health() == "ready"
    assert web.restarts == 0


async def test_what_is_frozen_goes_on_when_it_is_thawed(web: Managed) -> None:
    web.freeze()
    assert web.health() == "frozen"
    assert not web.server.ready()
    web.thaw()
    assert web.health() == "ready"


async def test_what_is_frozen_can_be_stopped(web: Managed) -> None:
    web.freeze()
    await asyncio.wait_for(web.stop(), 5)
    assert web.health() == "stopped"
    with pytest.raises(ProcessLookupError, match="web is not running"):
        web.freeze()


async def test_it_can_be_started_once_more(web: Managed) -> None:
    await web.stop()
    await web.start()
    assert web.health() == "ready"


async def test_who_does_not_end_when_it_is_told_to_is_killed(manage: Manage, tmp_path: Path) -> None:
    deaf = manage(Deaf(tmp_path, free_port()))
    await deaf.start()
    await deaf.stop()
    assert deaf.process_id is None


async def test_what_ends_again_and_again_is_given_up_with_its_last_words(manage: Manage, tmp_path: Path) -> None:
    with pytest.raises(DidNotStart, match="web ended with 1 again and again:\nno such luck"):
        await manage(Web(tmp_path, free_port(), fault="no such luck")).start()


async def test_every_change_of_the_process_is_told(tmp_path: Path) -> None:
    """That it runs, and that requests may be sent to it: those stop before the process does."""
    seen: list[tuple[bool, bool]] = []
    managed = Managed(
        Web(tmp_path, free_port()), lambda: seen.append((managed.process_id is not None, managed.is_serving))
    )
    await managed.start()
    await managed.stop()
    assert seen == [(True, False), (True, True), (True, False), (False, False)]

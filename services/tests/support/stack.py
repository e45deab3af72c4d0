"""A stack of the tests' own on this machine: the `boxoffice` command starts and stops it, as its users do."""

import asyncio
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import hvac
import psutil

from chassis.testing import eventually
from engines.local.engine import LocalEngine
from engines.local.executables import executable
from engines.local.ports import free_port
from engines.local.server import BASE_ENVIRONMENT
from engines.protocol import Row
from engines.state import State
from support.tier import Tier

SETTINGS = {"ACCOUNTS_FAILURES_PER_ADDRESS": "100000"}
"""All tests come from one address."""
COMMAND_SECONDS = 300


class Stack:
    """The startup tier in a state folder and on ports of its own: it meets no other stack of this machine."""

    def __init__(self, folder: Path) -> None:
        self._state = State(folder)
        self._engine = LocalEngine(self._state)
        self._plain_port = free_port()
        self._environment = {
            **{name: value for name in BASE_ENVIRONMENT if (value := os.environ.get(name))},
            **SETTINGS,
            "BOXOFFICE_STATE": str(folder),
            "EDGE_HTTPS_PORT": str(free_port(avoid=[self._plain_port])),
            "EDGE_HTTP_PORT": str(self._plain_port),
        }

    def up(self) -> Tier:
        """Start it; it goes when the tests do, in whatever way they end."""
        command = [sys.executable, "-m", "support.afterwards", str(os.getpid()), *self._command("down", "--clean")]
        subprocess.Popen(
            command,
            env=self._environment,
            cwd=Path(__file__).parents[1],
            start_new_session=True,
            stdin=subprocess.DEVNULL,
        )
        said = self.run("up", "startup", "--engine", "local")
        logins = dict(re.findall(r"login (\S+)@boxoffice\.test +(\S+)", said))
        return Tier(
            url=_found(r"url +(\S+)", said),
            plain_url=f"http://localhost:{self._plain_port}",
            ca=Path(_found(r"--cacert (\S+)", said)),
            demo_password=logins["demo"],
            organiser_password=logins["organiser"],
            postgres=f"postgresql://postgres:{self._secret('postgres-superuser')}@127.0.0.1:{self._port('postgres')}",
            mail=Path(_found(r"mail +(/\S+)", said)),
        )

    def down(self) -> None:
        self.run("down", "--clean")

    def run(self, *arguments: str) -> str:
        """What a command of `boxoffice` says; it must succeed."""
        done = subprocess.run(
            self._command(*arguments),
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        assert done.returncode == 0, f"boxoffice {' '.join(arguments)}: {done.stdout}"
        return done.stdout

    async def status(self) -> dict[str, Row]:
        """Each process, by its name."""
        return {row.process: row for row in await asyncio.to_thread(self._engine.status)}

    async def instances(self) -> dict[str, Row]:
        """The instances of the app."""
        return {name: row for name, row in (await self.status()).items() if row.role == "app"}

    async def until_ready(self) -> None:
        """Wait until every process is ready."""

        async def others() -> list[Row]:
            return [row for row in (await self.status()).values() if row.health != "ready"]

        await eventually(others, lambda found: not found, seconds=60)

    async def kill(self, name: str) -> None:
        """Kill -9; the supervisor starts it again."""
        await asyncio.to_thread(self._engine.kill, name, signal.SIGKILL)

    async def scale(self, count: int) -> None:
        """Run so many instances of the app."""
        await asyncio.to_thread(self._engine.scale, "app", count, _in_silence)

    async def restart_rolling(self) -> None:
        """Restart the instances, one after the other."""
        await asyncio.to_thread(self._engine.restart, [], _in_silence, rolling=True)

    @asynccontextmanager
    async def without(self, name: str) -> AsyncIterator[None]:
        """Kill a process with -9, and keep the supervisor from starting it again for as long as the block lasts."""
        process = psutil.Process((await self.status())[name].pid)
        supervisor = process.parent()
        assert supervisor is not None
        supervisor.suspend()
        try:
            process.kill()
            await eventually(_is_gone(process))
            yield
        finally:
            supervisor.resume()

    @asynccontextmanager
    async def hanging(self, name: str) -> AsyncIterator[None]:
        """Have a process and its children do nothing, while their connections stay open, until the block ends."""
        process = psutil.Process((await self.status())[name].pid)
        everyone = [process, *process.children(recursive=True)]
        for each in everyone:
            each.suspend()
        try:
            yield
        finally:
            for each in everyone:
                each.resume()

    def vault(self) -> hvac.Client:
        """Vault, as the one who may do everything."""
        return hvac.Client(f"http://127.0.0.1:{self._port('openbao')}", token=self._secret("openbao-root-token"))

    def _command(self, *arguments: str) -> list[str]:
        return [str(executable("boxoffice")), *arguments]

    def _port(self, name: str) -> int:
        return int(self._state.read("ports.json")[name])

    def _secret(self, name: str) -> str:
        return (self._state.credentials / name).read_text()


def _in_silence(name: str, what: str) -> None:
    """Takes the engine's progress."""


def _is_gone(process: psutil.Process) -> Callable[[], Any]:
    async def gone() -> bool:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE

    return gone


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match is not None, f"no {pattern!r} in: {text}"
    return match[1]

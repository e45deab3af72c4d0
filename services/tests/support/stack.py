"""A stack of the tests' own on this machine, driven by the `boxoffice` command as its users do."""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import hvac
import psutil

from chassis.testing import eventually
from engines.local.executables import executable
from engines.local.ports import free_port
from engines.local.server import BASE_ENVIRONMENT
from engines.state import State
from support.tier import Tier

SETTINGS = {"ACCOUNTS_FAILURES_PER_ADDRESS": "100000"}
"""All tests come from one address."""
COMMAND_SECONDS = 120


class Stack:
    """The startup tier in a state folder and on ports of its own: it meets no other stack of this machine."""

    def __init__(self, folder: Path) -> None:
        self._state = State(folder)
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
            mail=Path(_found(r"mail +(\S+)", said)),
        )

    def down(self) -> None:
        self.run("down", "--clean")

    def run(self, *arguments: str) -> str:
        """What a command of `boxoffice` says; it must succeed, except for `status`, which also tells by its code."""
        done = subprocess.run(
            self._command(*arguments),
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        assert done.returncode == 0 or arguments[0] == "status", f"boxoffice {' '.join(arguments)}: {done.stdout}"
        return done.stdout

    async def do(self, *arguments: str) -> str:
        """`run`, while other things go on."""
        return await asyncio.to_thread(self.run, *arguments)

    async def status(self) -> dict[str, dict[str, Any]]:
        """A row for each process, by its name."""
        rows: list[dict[str, Any]] = json.loads(await self.do("status", "--json"))
        return {row["process"]: row for row in rows}

    async def until_ready(self) -> dict[str, dict[str, Any]]:
        """Wait until every process is ready; answers their rows."""

        def all_ready(rows: dict[str, dict[str, Any]]) -> bool:
            return {row["health"] for row in rows.values()} == {"ready"}

        ready: dict[str, dict[str, Any]] = await eventually(self.status, all_ready, seconds=60)
        return ready

    async def kill(self, name: str) -> None:
        """Kill -9; the supervisor starts it again."""
        await self.do("kill", name, "--signal", "KILL")

    @asynccontextmanager
    async def without(self, name: str) -> AsyncIterator[None]:
        """Kill a process with -9, and keep the supervisor from starting it again for as long as the block lasts."""
        process = psutil.Process((await self.status())[name]["pid"])
        supervisor = process.parent()
        assert supervisor is not None
        supervisor.suspend()
        try:
            process.kill()
            await eventually(_is_gone(process))
            yield
        finally:
            supervisor.resume()

    def vault(self) -> hvac.Client:
        """Vault, as the one who may do everything."""
        return hvac.Client(f"http://127.0.0.1:{self._port('openbao')}", token=self._secret("openbao-root-token"))

    def _command(self, *arguments: str) -> list[str]:
        return [str(executable("boxoffice")), *arguments]

    def _port(self, name: str) -> int:
        return int(self._state.read("ports.json")[name])

    def _secret(self, name: str) -> str:
        return (self._state.credentials / name).read_text()


def _is_gone(process: psutil.Process) -> Callable[[], Any]:
    async def gone() -> bool:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE

    return gone


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match is not None, f"no {pattern!r} in: {text}"
    return match[1]

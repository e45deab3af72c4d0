"""A stack of the tests' own: the `boxoffice` command starts and stops it, as its users do.

The engine is TEST_ENGINE, by default the one that needs nothing, the tier is TEST_TIER, by default the smallest. Tests
know the engine by its protocol alone, and ask for whoever does the work of a service by the name of the service.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import hvac

from chassis.outgoing import vault_client
from chassis.testing import eventually
from engines.choice import engine_of
from engines.local.executables import executable
from engines.local.ports import free_port
from engines.local.server import BASE_ENVIRONMENT
from engines.protocol import Access, Row, in_silence
from engines.state import State
from support.tier import Tier

ENGINE = os.environ.get("TEST_ENGINE") or "local"
TIER = os.environ.get("TEST_TIER") or "startup"
SETTINGS = {"ACCOUNTS_FAILURES_PER_ADDRESS": "100000", "SEATS_MAX_OPEN_SEATS": "100000"}
"""All tests come from one address."""
PASSED_ON = ("DOCKER_", "KUBECONFIG", "BOXOFFICE_IMAGE", "BOXOFFICE_TAG", "VAULT_IMAGE")
"""What an engine may need of this environment."""
READY_SECONDS = 60 if ENGINE == "local" else 120
LOOK_SECONDS = 0.02 if ENGINE == "local" else 0.5
"""Between two looks: where they start processes, more of them would be a load."""
COMMAND_SECONDS = 300 if ENGINE == "local" else 900
VALUES = Path(__file__).with_name("kubernetes.yaml")
"""What the tests change of the chart."""


class Stack:
    """A tier in a state folder and on ports of its own: it meets no other stack of this machine."""

    namespace = "boxoffice-test"
    """Where it is in a cluster."""

    def __init__(self, folder: Path) -> None:
        self.state = State(folder)
        self._engine = engine_of(ENGINE, self.state)
        plain_port = free_port()
        self._environment = {
            **{name: value for name in (*BASE_ENVIRONMENT, "HOME", "TMPDIR") if (value := os.environ.get(name))},
            **{name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)},
            **SETTINGS,
            "BOXOFFICE_STATE": str(folder),
            "EDGE_HTTPS_PORT": str(free_port(avoid=[plain_port])),
            "EDGE_HTTP_PORT": str(plain_port),
            "ENGINE": ENGINE,
            "BOXOFFICE_NAMESPACE": self.namespace,
            "BOXOFFICE_VALUES": str(VALUES),
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
        said = self.run("up", TIER)
        access = self.access()
        (demo, demo_password), (organiser, organiser_password) = access.logins["customer"], access.logins["organiser"]
        assert f"url   {access.url}" in said
        assert f"login {demo}  {demo_password}" in said
        return Tier(
            url=access.url,
            plain_url=access.plain_url,
            ca=Path(access.ca) if access.ca else None,
            demo=demo,
            demo_password=demo_password,
            organiser=organiser,
            organiser_password=organiser_password,
            postgres=lambda: self.access().database_url,
            mails=self._engine.mails,
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

    def access(self) -> Access:
        """What its operator may reach."""
        return self._engine.access()

    def vault(self) -> hvac.Client:
        """Vault, as the one who may do everything."""
        access = self.access()
        return vault_client(access.vault_addr, token=access.vault_token)

    async def status(self) -> dict[str, Row]:
        """Each process, by its name."""
        return {row.process: row for row in await asyncio.to_thread(self._engine.status)}

    async def instances(self) -> dict[str, Row]:
        """The instances of the app."""
        return {name: row for name, row in (await self.status()).items() if row.role == "app"}

    async def lives(self) -> set[tuple[str, int | None, int]]:
        """One for each instance, another one when it has ended and something took its place."""
        return {(row.process, row.pid, row.restarts) for row in (await self.instances()).values()}

    async def those_of(self, service: str) -> list[str]:
        """The names of the instances that do the work of `service`: all of them where each runs every service."""
        names = sorted(await self.instances())
        return [name for name in names if f"-{service}-" in f"-{name}"] or names

    async def until_ready(self) -> None:
        """Wait until every process is ready."""

        async def others() -> list[Row]:
            return [row for row in (await self.status()).values() if row.health != "ready"]

        await eventually(others, lambda found: not found, seconds=READY_SECONDS, pause=LOOK_SECONDS)

    async def kill(self, name: str) -> None:
        """Kill -9; the engine starts it again."""
        await asyncio.to_thread(self._engine.kill, name, signal.SIGKILL)

    async def scale(self, service: str, count: int) -> None:
        """Run so many instances of what does the work of `service`."""
        [first, *_] = await self.those_of(service)
        group = service if ENGINE == "kubernetes" else first.rpartition("-")[0]
        await asyncio.to_thread(self._engine.scale, group, count, in_silence)

    async def restart_rolling(self) -> None:
        """Restart the instances, one after the other."""
        await asyncio.to_thread(self._engine.restart, [], in_silence, rolling=True)

    async def promote(self, before: str, tier: str) -> None:
        """Make the tier `before`, which is up, another one."""
        await asyncio.to_thread(self.run, "promote", before, tier)

    async def upgrade(self) -> None:
        """Bring them to the code that is here now."""
        await asyncio.to_thread(self._engine.upgrade, in_silence)

    @asynccontextmanager
    async def without(self, name: str) -> AsyncIterator[None]:
        """Kill a process with -9; it is not started again before the block ends."""
        await asyncio.to_thread(self._engine.kill, name, signal.SIGKILL, stays=True)
        try:
            yield
        finally:
            await asyncio.to_thread(self._engine.start, [name], in_silence)

    @asynccontextmanager
    async def hanging(self, name: str) -> AsyncIterator[None]:
        """Have a process do nothing, while its connections stay open, until the block ends."""
        await asyncio.to_thread(self._engine.freeze, name)
        try:
            yield
        finally:
            await asyncio.to_thread(self._engine.thaw, name)

    def _command(self, *arguments: str) -> list[str]:
        return [str(executable("boxoffice")), *arguments]

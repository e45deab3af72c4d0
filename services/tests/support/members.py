"""The members of beta's group as processes in a test's hand."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil

from chassis.testing import Servers, eventually

LEAVE_SECONDS = 30.0


class Members:
    """Starts and ends listeners; the one that came first is the one that a fault hits."""

    def __init__(self, servers: Servers, settings: Mapping[str, Any]) -> None:
        """Starts the process that all members are forks of: none of them has to import anything."""
        command = [sys.executable, "-m", "support.listener"]
        folder = Path(__file__).parents[1]
        self._nursery = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._told = json.dumps({"servers": asdict(servers), "settings": dict(settings)})
        self._members: list[int] = []
        self._leaving: list[int] = []

    def join(self) -> None:
        """One more."""
        assert self._nursery.stdin
        assert self._nursery.stdout
        self._nursery.stdin.write(self._told + "\n")
        self._members.append(int(self._nursery.stdout.readline()))

    def end(self, how: signal.Signals) -> None:
        """Send the first one away."""
        member = self._members.pop(0)
        os.kill(member, how)
        self._leaving.append(member)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """The first one stands still for the time of the block, as on a machine that sleeps."""
        member = self._members[0]
        os.kill(member, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(member, signal.SIGCONT)

    async def all_leave(self) -> None:
        """Ask all to leave, and wait for it. Raises TimeoutError where one does not."""
        while self._members:
            self.end(signal.SIGTERM)
        await eventually(self._have_left, seconds=LEAVE_SECONDS)
        self._leaving.clear()

    async def _have_left(self) -> bool:
        return not any(map(psutil.pid_exists, self._leaving))

    def close(self) -> None:
        """Kill whatever is left."""
        for member in (*self._members, *self._leaving):
            with suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)
        self._nursery.kill()
        self._nursery.communicate()

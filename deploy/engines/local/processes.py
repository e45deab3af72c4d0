"""Starting operating system processes so that they end with their parent, and ending those that did not."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psutil

from engines.local.server import Server, private_folder, rotate

PR_SET_PDEATHSIG = 1
KILLED_SECONDS = 5.0
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process beyond doubt: numbers are used again, a number together with its time of birth is not."""

    pid: int
    created: float

    @classmethod
    def of(cls, pid: int) -> "ProcessId":
        """Raises psutil.NoSuchProcess."""
        return cls(pid, psutil.Process(pid).create_time())

    def find(self) -> psutil.Process | None:
        """The process, unless it has ended."""
        try:
            process = psutil.Process(self.pid)
            same = abs(process.create_time() - self.created) < 0.1
            return process if same and lives(process) else None
        except psutil.NoSuchProcess:
            return None


def popen_arguments(server: Server) -> dict[str, Any]:
    """How to start a server's process, for `subprocess.Popen` and for asyncio; `stdout` is an open file to close."""
    private_folder(server.log.parent)
    rotate(server.log)
    user = server.user()
    descriptor = os.open(server.log, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
    return {
        "cwd": server.directory(),
        "env": server.full_environment(),
        "stdin": subprocess.DEVNULL,
        "stdout": descriptor,
        "stderr": subprocess.STDOUT,
        "process_group": 0,
        "user": user,
        "group": pwd.getpwnam(user).pw_gid if user else None,
        "extra_groups": [] if user else None,
        "preexec_fn": end_with_parent(server.stop_signal),
    }


def end_with_parent(stop_signal: signal.Signals = signal.SIGTERM) -> Callable[[], None] | None:
    """Have the kernel send `stop_signal` when the parent dies, even by kill -9. Linux only: elsewhere the next
    `up` or `down` finds what is left. The request must come after the change of user, which would undo it.
    """
    if _libc is None:
        return None
    libc, parent = _libc, os.getpid()

    def request() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)
        if os.getppid() != parent:  # it died in between
            os._exit(1)

    return request


def family(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """The processes and all their descendants."""
    everyone = list(processes)
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            everyone.extend(process.children(recursive=True))
    return everyone


def end(processes: Sequence[psutil.Process], *, stop_signal: signal.Signals, seconds: float) -> None:
    """Ask processes to end, kill what is still there after `seconds`, and see them and their descendants gone.

    Whoever is the parent of one of them still has to ask for its exit code.
    """
    everyone = family(processes)
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(stop_signal)
    wait_until_gone(everyone, seconds)
    for process in filter(lives, everyone):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    wait_until_gone(everyone, KILLED_SECONDS)


def wait_until_gone(processes: Iterable[psutil.Process], seconds: float) -> None:
    """Wait until none of them lives, `seconds` at most. psutil's own wait would take the exit codes of our children,
    and wait for ever for a zombie whose parent does not ask for its.
    """
    deadline = time.monotonic() + seconds
    while any(map(lives, processes)) and time.monotonic() < deadline:
        time.sleep(0.02)


def lives(process: psutil.Process) -> bool:
    """Whether it runs; a zombie does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def resident(process: psutil.Process) -> int:
    """Resident bytes, where what it shares with others counts by its part (Linux tells, elsewhere it counts whole).

    The sum of plain RSS would count Postgres's shared buffers once for each connection.
    """
    try:
        full = process.memory_full_info()
        return int(getattr(full, "pss", 0) or full.rss)
    except psutil.AccessDenied:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0

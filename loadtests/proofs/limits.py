"""Less CPU for an instance, as if each had a small machine of its own: so two cores can show what eight would do.

Where the engine has containers the kernel does it (`docker update --cpus`). Processes of this machine, where nobody has
the right to make control groups, are stopped and continued in turns of milliseconds, by the CPU time that they have
used: a process that has had its share waits until the share has grown.
"""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress

import psutil

from engines.state import REPOSITORY

SLICE_SECONDS = 0.004
"""How often a process's use is looked at. It waits for tens of milliseconds at most: no health check notices."""
SAVED_SECONDS = 0.02
"""How much unused CPU time a process may save up."""


@contextmanager
def limited(pids: Collection[int], share: float, *, containers: bool) -> Iterator[None]:
    """For the time of the block each of these processes may use `share` of one core (0 to 1).

    With `containers` they are the first processes of containers, which the kernel limits as a whole.
    """
    with _limited_by_docker(pids, share) if containers else _limited_in_turns(pids, share):
        yield


@contextmanager
def _limited_by_docker(pids: Collection[int], share: float) -> Iterator[None]:
    running = _docker("ps", "--quiet", "--no-trunc").split()
    lines = _docker("inspect", "--format", "{{.State.Pid}} {{.Id}} {{.HostConfig.NanoCpus}}", *running).splitlines()
    found = {int(pid): (container, int(nano)) for pid, container, nano in map(str.split, lines)}
    chosen = [found[pid] for pid in pids]
    for container, _ in chosen:
        _docker("update", "--cpus", str(share), container)
    try:
        yield
    finally:
        for container, nano in chosen:
            _docker("update", "--cpus", str(nano / 1e9 or psutil.cpu_count()), container)


def _docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout


@contextmanager
def _limited_in_turns(pids: Collection[int], share: float) -> Iterator[None]:
    command = [sys.executable, "-m", "loadtests.proofs.limits", str(share), *map(str, pids)]
    limiter = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=REPOSITORY)
    try:
        yield
    finally:
        limiter.communicate()  # it ends when its standard input does, also when this process is killed


def cpu_seconds(pid: int) -> float:
    """What the process has used so far. Raises ProcessLookupError."""
    if sys.platform == "linux":
        try:
            return time.clock_gettime((~pid << 3) | 2)  # the CPU clock of another process: exact, and no file to read
        except OSError as error:
            raise ProcessLookupError(pid) from error
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess as error:
        raise ProcessLookupError(pid) from error
    return float(times.user + times.system)


def cpu_seconds_of_all(pids: Collection[int]) -> float:
    """What these processes and their children have used so far: the first one of a container may do nothing itself."""
    found = [psutil.Process(pid) for pid in pids]
    return sum(cpu_seconds(each.pid) for first in found for each in (first, *first.children(recursive=True)))


class Allowance:
    """The CPU time of one process: `share` of a core, of which little can be saved up and nothing is forgiven."""

    def __init__(self, share: float, now: float, used: float) -> None:
        self._share = share
        self._now = now
        self._used = used
        self._left = 0.0

    def has_some(self, now: float, used: float) -> bool:
        """Whether there is some left, now that the process has used `used` seconds in all."""
        self._left = min(SAVED_SECONDS, self._left + (now - self._now) * self._share) - (used - self._used)
        self._now, self._used = now, used
        return self._left > 0


def main(pids: Collection[int], share: float) -> None:
    """Limit processes until standard input ends."""
    now = time.monotonic()
    running = {pid: Allowance(share, now, cpu_seconds(pid)) for pid in pids}
    stopped: set[int] = set()
    while not select.select([sys.stdin], [], [], SLICE_SECONDS)[0]:
        now = time.monotonic()
        for pid, allowance in list(running.items()):
            try:
                _turn(pid, allowance.has_some(now, cpu_seconds(pid)), stopped)
            except ProcessLookupError:
                del running[pid]
    for pid in running:
        with suppress(ProcessLookupError):
            _turn(pid, True, stopped)


def _turn(pid: int, may_run: bool, stopped: set[int]) -> None:
    if may_run and pid in stopped:
        os.kill(pid, signal.SIGCONT)
        stopped.discard(pid)
    elif not may_run and pid not in stopped:
        os.kill(pid, signal.SIGSTOP)
        stopped.add(pid)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main([int(pid) for pid in sys.argv[2:]], float(sys.argv[1]))

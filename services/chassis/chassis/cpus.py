"""How many CPUs this process may use: what bounds it may be less than the machine has."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

CGROUPS_V2 = ("sys/fs/cgroup", "sys/fs/cgroup/unified")
CGROUPS_V1 = ("sys/fs/cgroup/cpu", "sys/fs/cgroup/cpu,cpuacct")


def usable_cpus(root: Path = Path("/")) -> int:
    """Whole CPUs, at least 1: as many as the process may run on, or the time that its cgroups give it if that is less.

    `root` is where `/proc` and `/sys` are. Source: the kernel's Documentation/admin-guide/cgroup-v2.rst, "cpu.max", and
    Documentation/scheduler/sched-bwc.rst.
    """
    return max(1, int(min([_affinity(), *_quotas(root)])))


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas(root: Path) -> Iterator[float]:
    """CPUs by each limit on this process: its own cgroup's, and those of the cgroups around it."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            yield from _limits(root, CGROUPS_V2, path, ("cpu.max",))
        elif "cpu" in controllers.split(","):
            yield from _limits(root, CGROUPS_V1, path, ("cpu.cfs_quota_us", "cpu.cfs_period_us"))


def _limits(root: Path, mounts: tuple[str, ...], path: str, files: tuple[str, ...]) -> Iterator[float]:
    """Limits along `path`. A container may see its own cgroup as the root, while `path` says where it is outside."""
    inside = PurePosixPath(path.lstrip("/"))
    for mount in mounts:
        for folder in (inside, *inside.parents):
            try:
                quota, period = " ".join((root / mount / folder / file).read_text() for file in files).split()
                if quota not in ("max", "-1"):
                    yield int(quota) / int(period)
            except (OSError, ValueError):
                continue  # no such limit here

"""Processor time of the processes of a tier, for what it costs to serve a load, and to make one."""

from collections.abc import Iterable

import psutil

from engines.protocol import Row


def cpu_seconds(row: Row) -> float:
    """User and system time of a process and its children, living and ended; 0 when it is gone."""
    try:
        process = psutil.Process(row.pid)
        total = 0.0
        for each in [process, *process.children(recursive=True)]:
            try:
                times = each.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
        ended = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return total + getattr(ended, "children_user", 0.0) + getattr(ended, "children_system", 0.0)


def cpu_by_process(rows: Iterable[Row]) -> dict[str, float]:
    """Of each process that runs on this machine, by its name. The supervisor is the parent of the others."""
    return {row.process: cpu_seconds(row) for row in rows if row.pid and row.role != "supervisor"}

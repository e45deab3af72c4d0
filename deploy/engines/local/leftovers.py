"""The record of what runs, and ending what a supervisor that was killed has left behind."""

import signal
from collections.abc import Iterable
from contextlib import suppress

import psutil

from engines.identity import VARIABLE
from engines.local.managed import Managed
from engines.local.processes import ProcessId, end
from engines.state import State

PROCESSES = "processes.json"
SECONDS = 20.0


def record(state: State, managed: Iterable[Managed]) -> None:
    """Write down the processes that run now."""
    state.write(
        PROCESSES,
        {
            each.name: {
                "pid": each.process_id.pid,
                "created": each.process_id.created,
                "signal": each.server.stop_signal,
            }
            for each in managed
            if each.process_id is not None
        },
    )


def carries(process: psutil.Process, stack: str) -> bool:
    """Whether a process was started for this stack. One that cannot be asked is taken for another's."""
    try:
        return process.environ().get(VARIABLE) == stack
    except (psutil.Error, OSError):
        return False


def end_leftovers(state: State) -> list[str]:
    """End the recorded processes that still run and are this stack's, and answer their names. Only for who holds the
    lock. Raises NotThisStack.
    """
    known = state.identity()
    found: dict[signal.Signals, dict[str, psutil.Process]] = {}
    for name, entry in state.read(PROCESSES).items():
        with suppress(KeyError, TypeError, ValueError):  # no record of ours
            process = ProcessId(int(entry["pid"]), float(entry["created"])).find()
            if process is not None and known is not None and carries(process, known.id):
                found.setdefault(signal.Signals(entry["signal"]), {})[name] = process
    for stop_signal, processes in found.items():
        end(list(processes.values()), stop_signal=stop_signal, seconds=SECONDS)
    state.write(PROCESSES, {})
    return [name for processes in found.values() for name in processes]

"""Server processes of a test run. Each is noted in the run's folder, so that whoever ends the run ends them all."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

NOBODY = 65534
"""Postgres refuses to run as root; any other user will do."""


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


Command = Sequence[str | Path]


class Processes:
    """The processes of one run, whichever of its test processes started them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._noted = folder / "processes"
        self._noted.mkdir(exist_ok=True)

    def start(
        self,
        name: str,
        command: Command,
        *,
        ready: Callable[[], bool],
        user: int | None = None,
        env: Mapping[str, str] | None = None,
        seconds: float = 60,
    ) -> psutil.Process:
        """Start and wait until `ready`. Raises RuntimeError with the end of the log when it does not get there."""
        log = self.folder / f"{name}.log"
        with log.open("ab") as output:
            child = subprocess.Popen(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                user=user,
                group=user,
                cwd=self.folder,
                env={**os.environ, **(env or {})},
            )
        process = psutil.Process(child.pid)
        (self._noted / str(child.pid)).write_text(str(process.create_time()))
        deadline = time.monotonic() + seconds
        while not ready():
            if child.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{name} does not start:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)
        return process

    def end_all(self) -> None:
        """Kill what still runs: the data of a test run is worth nothing."""
        for note in self._noted.iterdir():
            with suppress(psutil.NoSuchProcess):
                process = psutil.Process(int(note.name))
                if str(process.create_time()) == note.read_text():
                    end(process, signal.SIGKILL)
            note.unlink()


def end(process: psutil.Process, by: signal.Signals = signal.SIGTERM) -> None:
    """Send `by` to the process and wait until it and its children are gone."""
    family = [process, *process.children(recursive=True)]
    for member in family if by is signal.SIGKILL else [process]:
        with suppress(psutil.NoSuchProcess):
            member.send_signal(by)
    psutil.wait_procs(family, timeout=30)

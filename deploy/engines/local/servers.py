"""The real servers by name, and a plain way to run one from a test or a script:

postgres = start("postgres", tmp_path)
... postgres.url ...
postgres.kill()      # -9
postgres.restart()   # same data, same port
postgres.stop()
"""

import signal
import subprocess
import time
from dataclasses import dataclass
from os import close
from pathlib import Path

import psutil

from engines.local.broker import Broker
from engines.local.mail import Mail
from engines.local.openbao import OpenBao
from engines.local.ports import culprit, free_port, is_free
from engines.local.postgres import Postgres
from engines.local.processes import KILLED_SECONDS, end, family, popen_arguments, wait_until_gone
from engines.local.server import Server
from engines.local.valkey import Valkey

SERVERS: dict[str, type[Server]] = {each.role: each for each in (Postgres, Valkey, OpenBao, Broker, Mail)}

READY_SECONDS = 60.0
PROBE_EVERY = 0.05


class DidNotStart(RuntimeError):
    """A server ended, or did not serve in time. The message has the end of its log."""


@dataclass(slots=True)
class Running:
    """A server that runs as a child of this process, and ends with it."""

    server: Server
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def pid(self) -> int:
        return self.process.pid

    def stop(self) -> None:
        """End it in order. Harmless when it has ended."""
        if self.process.poll() is None:
            end([psutil.Process(self.pid)], stop_signal=self.server.stop_signal, seconds=self.server.stop_seconds)
            self.process.wait()

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send it a signal; after -9, wait until it and its children are gone."""
        everyone = family([psutil.Process(self.pid)])
        self.process.send_signal(number)
        if number == signal.SIGKILL:
            self.process.wait()
            wait_until_gone(everyone, KILLED_SECONDS)

    def restart(self) -> None:
        """Stop it if it runs, start it on the same data and port, wait until it serves."""
        self.stop()
        self.process = start_server(self.server).process


def start(name: str, state: Path, port: int | None = None) -> Running:
    """Run the server `name` (one of `SERVERS`) with its data below `state`, and wait until it serves.

    Raises DidNotStart, NotForThisPlatform.
    """
    return start_server(SERVERS[name](state, port or free_port()))


def start_server(server: Server, *, seconds: float = READY_SECONDS) -> Running:
    """Prepare and run `server`, and wait until it serves. Raises DidNotStart, NotForThisPlatform."""
    check_port(server)
    server.prepare()
    arguments = popen_arguments(server)
    try:
        process = subprocess.Popen(server.command(), **arguments)
    finally:
        close(arguments["stdout"])
    deadline = time.monotonic() + seconds
    while not server.ready():
        if (code := process.poll()) is not None:
            raise DidNotStart(f"{server.name} ended with {code}:\n{tail(server.log)}")
        if time.monotonic() > deadline:
            process.kill()
            raise DidNotStart(f"{server.name} does not serve after {seconds:g} s:\n{tail(server.log)}")
        time.sleep(PROBE_EVERY)
    return Running(server, process)


def check_port(server: Server) -> None:
    """See that nobody else is there: it would answer for the server. Raises DidNotStart."""
    if not is_free(server.port):
        raise DidNotStart(f"{server.name} cannot have port {server.port}: {culprit(server.port)} has it")


def tail(log: Path, lines: int = 15) -> str:
    """The end of a log; empty when there is none."""
    try:
        text = log.read_text(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])

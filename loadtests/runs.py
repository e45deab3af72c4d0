"""A load as an object: `Load.start(...)`, `until_running()`, do something to the tier, `stop()`, `requests()`.

Locust runs in a process group of its own, so its threads and its patched standard library meet nobody else's code.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from engines.local.ports import free_port
from loadtests.cast import THINK, Cast, Person
from loadtests.house import House, performances_needed, put_on, what_is_on
from loadtests.people import NotWelcome, People, sign_in_organiser
from loadtests.record import CPU, Order, Request
from loadtests.running import POLL_SECONDS, REPOSITORY, LoadFailed, Running, client_of, empty
from loadtests.shapes import SHAPES

__all__ = ["REPOSITORY", "Load", "LoadFailed", "NotWelcome", "Order", "Request"]

PEOPLE = REPOSITORY / "reports" / "people"
MOST_PEOPLE = 400
"""More users than that share accounts: each with an own session would take minutes to make."""
ANONYMOUS = {"Visitor", "Organiser"}
STOP_SECONDS = 65
"""Users who are at an order bring it to its end: as long as they follow one."""
LEAVE_SECONDS = 5.0


class Load(Running):
    """A locust run that goes on until its shape ends or `stop` is called. Made by `start`.

    It has ended when its leader has, which its workers do at the same time, or shortly after.
    """

    log = "locust.log"

    @classmethod
    def start(
        cls,
        *,
        url: str,
        ca: Path | None,
        folder: Path,
        users: int,
        shape: str = "steady",
        seconds: float | None = None,
        classes: Sequence[str] = (),
        rate: float | None = None,
        organiser: tuple[str, str] | None = None,
        think: float = THINK,
        people: Path = PEOPLE,
        processes: int = 1,
        options: Sequence[str] = (),
        show: bool = False,
    ) -> "Load":
        """Make accounts and seats, then let `users` come to `url`; what they do is written in `folder`.

        `rate` is requests a second of all users together; without it they think `think` seconds between clicks.
        Without `seconds` it goes on until `stop`. `classes` are names of user classes (default: those of the shape).
        `organiser` (e-mail, password) puts on enough performances; without one the users buy what is on sale.
        `people` is where accounts are kept for the next run. With more than one of `processes` each has a part of the
        users, beside one that leads. `options` go to locust, `show` shows its progress.
        """
        folder = folder.absolute()
        empty(folder)
        with client_of(url, ca) as http:
            names = set(classes or SHAPES[shape].crowd)
            needed = performances_needed(users, seconds, rate)
            director = sign_in_organiser(http, organiser) if organiser else None
            house = put_on(http, director, needed) if director else what_is_on(http, needed)
            buyers = 0 if names <= ANONYMOUS else min(users, MOST_PEOPLE)
            cast = _cast(
                url, ca, shape, users, seconds, house, director, rate, think, People(people, http, director), buyers
            )
        cast.save(folder / "cast.json")
        if director is None:
            names.discard("Organiser")
        return cls(_locust(folder, sorted(names), [*_processes(processes), *options], show=show), folder)

    def wait(self) -> None:
        """Wait for the end of the shape. Raises LoadFailed."""
        while not self._ended():
            time.sleep(POLL_SECONDS)
        self._judge()

    def stop(self) -> None:
        """Let the users finish what they are at; afterwards reports are written and no process is left."""
        if not self._ended():
            # Not SIGINT or SIGTERM: a process that was started in the background may not hear the one, and on the
            # other locust writes no report.
            self._process.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + STOP_SECONDS + 20
        while not self._ended():
            if time.monotonic() > deadline:
                self.kill()
                raise LoadFailed(f"the load did not end:\n{self._said()}")
            time.sleep(POLL_SECONDS)
        self._judge()

    def kill(self) -> None:
        """End it at once, whatever it is at. Harmless when it has ended."""
        if not self._ended():
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def cpu_seconds(self) -> float:
        """What the load itself has cost: processor time of locust's processes."""
        if self._ended():
            told = self.folder / CPU
            return float(told.read_text()) if told.exists() else 0.0
        total = 0.0
        for each in self._members():
            with suppress(psutil.NoSuchProcess):
                times = each.cpu_times()
                total += times.user + times.system
        return total

    def __enter__(self) -> "Load":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def _members(self) -> list[psutil.Process]:
        """The leader and its workers, also those whose leader has left them."""
        return [each for each in psutil.process_iter() if _group(each) == self._process.pid]

    def _judge(self) -> None:
        """See that nobody is left, and that it went well."""
        _, left = psutil.wait_procs(self._members(), timeout=LEAVE_SECONDS)
        for each in left:
            each.kill()
        if self._process.returncode:
            raise LoadFailed(f"locust ended with {self._process.returncode}:\n{self._said()}")


def _group(process: psutil.Process) -> int | None:
    try:
        return os.getpgid(process.pid)
    except ProcessLookupError:
        return None


def _cast(
    url: str,
    ca: Path | None,
    shape: str,
    users: int,
    seconds: float | None,
    house: House,
    director: Person | None,
    rate: float | None,
    think: float,
    people: People,
    buyers: int,
) -> Cast:
    return Cast(
        url=url,
        ca=ca.read_text() if ca else "",
        shape=shape,
        users=users,
        seconds=seconds,
        performances=house.performances,
        people=people.signed_in(buyers),
        organiser=director,
        venue=house.venue,
        prices=house.prices,
        rate=rate,
        think=think,
    )


def _processes(count: int) -> list[str]:
    """Locust's options for so many processes of this machine, which meet on a port that nobody else hears."""
    if count < 2:
        return []
    here, port = "127.0.0.1", str(free_port())
    meeting = ["--master-bind-host", here, "--master-bind-port", port, "--master-host", here, "--master-port", port]
    return ["--processes", str(count), *meeting]


def _locust(folder: Path, classes: Sequence[str], options: Sequence[str], *, show: bool) -> "subprocess.Popen[bytes]":
    command: list[Any] = [sys.executable, "-m", "locust", "-f", REPOSITORY / "loadtests" / "locustfile.py"]
    command += ["--headless", "--only-summary", "--cast", folder / "cast.json", "--html", folder / "locust.html"]
    command += ["--json-file", folder / "locust", "--exit-code-on-error", "0"]
    command += ["--stop-timeout", str(STOP_SECONDS), *options, *classes]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    with (folder / "locust.log").open("w") as log:
        return subprocess.Popen(
            [str(part) for part in command],
            cwd=REPOSITORY,
            env={**environment, "PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=None if show else log,
            stderr=log,
            start_new_session=True,
        )

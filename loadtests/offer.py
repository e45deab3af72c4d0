"""A load that does not wait: `Offer.start(rate=20, ...)` has so many orders arrive each second, come what may.

`runs.Load` has people who click, wait and follow their order; this has arrivals, for what lies past a tier's capacity.
"""

import math
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil

from loadtests.cast import Cast
from loadtests.house import put_on
from loadtests.people import People, sign_in_organiser
from loadtests.programme import ARENA_SEATS
from loadtests.record import CPU
from loadtests.running import REPOSITORY, LoadFailed, Running, client_of, empty

PEOPLE = 40
"""Who share the orders."""
STOP_SECONDS = 40.0


class Offer(Running):
    """Arrivals that go on until `stop`. Made by `start`."""

    log = "arrivals.log"

    @classmethod
    def start(
        cls,
        *,
        url: str,
        ca: Path | None,
        folder: Path,
        organiser: tuple[str, str],
        people: Path,
        seats: float,
        rate: float | None = None,
        at_once: int = 1,
    ) -> "Offer":
        """Put on what has `seats` seats, sign in people of the file in `people`, and let orders of one seat arrive.

        `rate` a second; without it `at_once` at a time, each as soon as the one before is answered.
        """
        folder = folder.absolute()
        empty(folder)
        with client_of(url, ca) as http:
            director = sign_in_organiser(http, organiser)
            house = put_on(http, director, math.ceil(seats / ARENA_SEATS))
            cast = Cast(
                url=url,
                ca=ca.read_text() if ca else "",
                shape="steady",
                users=at_once,
                seconds=None,
                performances=house.performances,
                people=People(people, http, director).signed_in(PEOPLE),
                rate=rate,
            )
        cast.save(folder / "cast.json")
        with (folder / cls.log).open("w") as log:
            command = [sys.executable, "-m", "loadtests.arrivals", str(folder / "cast.json")]
            process = subprocess.Popen(
                command, cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        return cls(process, folder)

    def stop(self) -> None:
        """Nobody arrives any more; returns when those who have are answered. Raises LoadFailed."""
        self._process.send_signal(signal.SIGUSR1)
        try:
            code = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise LoadFailed(f"the arrivals did not end:\n{self._said()}") from None
        if code:
            raise LoadFailed(f"the arrivals ended with {code}:\n{self._said()}")

    def kill(self) -> None:
        """End it at once. Harmless when it has ended."""
        self._process.kill()
        self._process.wait()

    def cpu_seconds(self) -> float:
        """What it has cost itself so far."""
        if (told := self.folder / CPU).exists():
            return float(told.read_text())
        with suppress(psutil.NoSuchProcess):
            times = psutil.Process(self._process.pid).cpu_times()
            return float(times.user + times.system)
        return 0.0

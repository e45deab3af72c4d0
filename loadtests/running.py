"""What every load is while it runs: a process of its own that writes down requests and orders, line by line."""

import ssl
import subprocess
import time
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path

import httpx

from loadtests.record import CPU, RUNNING, Order, Request, read_orders, read_requests

REPOSITORY = Path(__file__).parents[1]
START_SECONDS = 60.0
POLL_SECONDS = 0.05


class LoadFailed(RuntimeError):
    """The load ended, or did not begin. The message has the end of its log."""


class Running:
    """A process and the folder that it writes to."""

    log: str
    """The name of its log there."""

    def __init__(self, process: subprocess.Popen[bytes], folder: Path) -> None:
        self.folder = folder
        self._process = process

    def until_running(self) -> None:
        """Wait until it is at work. Raises LoadFailed."""
        deadline = time.monotonic() + START_SECONDS
        while not (self.folder / RUNNING).exists():
            if self._ended() or time.monotonic() > deadline:
                raise LoadFailed(f"the load did not begin:\n{self._said()}")
            time.sleep(POLL_SECONDS)

    def requests(self) -> list[Request]:
        """All requests after `stop`, before it those that have been written so far (a quarter of a second ago)."""
        return read_requests(self.folder)

    def orders(self) -> list[Order]:
        """The orders that got their 202, likewise."""
        return read_orders(self.folder)

    def _ended(self) -> bool:
        return self._process.poll() is not None

    def _said(self) -> str:
        return "\n".join((self.folder / self.log).read_text().splitlines()[-25:])


def empty(folder: Path) -> None:
    """A folder for this run, without what an earlier one left in it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("requests.csv", "orders.csv", RUNNING, CPU, "cast.json", "locust.log", "locust.html", "arrivals.log"):
        (folder / name).unlink(missing_ok=True)


def client_of(url: str, ca: Path | None) -> httpx.Client:
    """Speaks with a tier for those who make a load ready."""
    trust = ssl.create_default_context(cafile=ca)
    nobodys = CookieJar(DefaultCookiePolicy(allowed_domains=()))  # it speaks for many: each says who they are
    agent = {"user-agent": "boxoffice-load/1"}
    return httpx.Client(trust_env=False, base_url=url, verify=trust, timeout=30.0, headers=agent, cookies=nobodys)

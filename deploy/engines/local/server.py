"""What every real server has in common: how it is prepared, run, asked whether it is ready, and stopped."""

import os
import secrets
import signal
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from engines import identity

HOST = "127.0.0.1"

LARGEST_LOG = 20 * 1024 * 1024

BASE_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "POSTGRES_USER")
"""What a server gets of the caller's environment: where programs and their libraries are, and nothing that would change
what they do.
"""
SAME_EVERYWHERE = {"LANG": "C.UTF-8", "TZ": "UTC", "PYTHONUTF8": "1", "PYTHONNOUSERSITE": "1", "PYTHONSAFEPATH": "1"}


@dataclass(slots=True)
class Server(ABC):
    """One real server on this machine, as a description: making one does nothing yet.

    `state` is the folder that all servers of a stack share, `port` where it listens on 127.0.0.1.
    """

    state: Path
    port: int

    role: ClassVar[str]
    """What it is there for; also its name where there is but one of its kind."""
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    """What makes it end in order."""
    stop_seconds: ClassVar[float] = 10.0
    """How long that may take before it is killed."""

    @property
    def name(self) -> str:
        return self.role

    @property
    def data(self) -> Path:
        return self.state / "data" / self.name

    @property
    def log(self) -> Path:
        return self.state / "logs" / f"{self.name}.log"

    @property
    @abstractmethod
    def url(self) -> str:
        """The address for clients."""

    @abstractmethod
    def command(self) -> list[str]:
        """The command line. Raises NotForThisPlatform."""

    @abstractmethod
    def ready(self) -> bool:
        """Whether it serves; answers within about a second. Also does what can be done once it runs and only then."""

    def prepare(self) -> None:
        """Make what it needs before it starts, once: harmless when it is there."""
        private_folder(self.data)

    def environment(self) -> Mapping[str, str]:
        """Its environment, in addition to `BASE_ENVIRONMENT`."""
        return {}

    def directory(self) -> Path:
        """Where it runs. A path relative to this needs no quotes in a configuration, and has any length."""
        return Path("/")

    def user(self) -> str | None:
        """The user it runs as; None: as the caller."""
        return None

    def full_environment(self) -> dict[str, str]:
        return {**base_environment(self.state), **self.environment()}

    def secret(self, name: str, size: int = 24) -> str:
        """The secret `name` of this stack; made when it is first asked for, never changed."""
        return keep_secret(self.state / "secrets" / name, secrets.token_urlsafe(size))


def base_environment(state: Path) -> dict[str, str]:
    """What every process of the stack in the folder `state` gets: the same whatever shell it was started from."""
    known = identity.read(state)
    return {**plain_environment(), "HOME": str(state), **({identity.VARIABLE: known.id} if known else {})}


def plain_environment() -> dict[str, str]:
    """What a program gets that is no part of a stack."""
    return {**SAME_EVERYWHERE, **{name: value for name in BASE_ENVIRONMENT if (value := os.environ.get(name))}}


def private_folder(path: Path) -> Path:
    """Make a folder that only this user may open; its parents let others pass to what is theirs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)
    return path


def rotate(log: Path) -> None:
    """Put a log that has grown large aside, in place of the one before it."""
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))


def keep_secret(path: Path, value: str) -> str:
    """Write `value` to a file for this user only, unless there is one; answer what the file holds."""
    private_folder(path.parent)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(descriptor, "w") as file:
        file.write(value)
    return value


def replace_secret(path: Path, value: str) -> None:
    """Write `value` to a file for this user only, in one step."""
    private_folder(path.parent)
    work = path.with_name(f".{path.name}.new")
    work.touch(mode=0o600)
    work.write_text(value)
    work.replace(path)

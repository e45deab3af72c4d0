"""The folder in which a stack on this machine lives: data, logs, secrets, mail, and what runs."""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines import identity, outside
from engines.identity import Identity, NotThisStack

REPOSITORY = Path(__file__).parents[2]


ROOT_TOKEN = "openbao-root-token"  # noqa: S105 - the name of the file
"""Among the secrets, until the first setup has revoked it."""
CURRENT = "current.json"
"""What is up: the engine, where it answers, and what the engine wants to know again."""

FOLDERS = ("data", "logs", "mail", "secrets")
FILES = (
    "ca.crt",
    "compose.env",
    "compose.json",
    "control.sock",
    CURRENT,
    identity.NAME,
    "instances.json",
    "lock",
    "migrated.json",
    "ports.json",
    "processes.json",
    "settings.env",
)


class BrokenState(RuntimeError):
    """The folder cannot be used. The message says what to do."""


@dataclass(frozen=True, slots=True)
class State:
    """Paths below one folder. Files are replaced in one step: a crash leaves the old one or the new one."""

    folder: Path

    @property
    def socket(self) -> Path:
        """Where the supervisor listens."""
        return self.folder / "control.sock"

    @property
    def logs(self) -> Path:
        return self.folder / "logs"

    @property
    def credentials(self) -> Path:
        return self.folder / "secrets"

    @property
    def ca(self) -> Path:
        """The certificate of the edge's own CA, for clients to trust."""
        return self.folder / "ca.crt"

    def make(self) -> None:
        """Make the folder, or see that it is usable. Raises BrokenState, NotThisStack."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            for private in (self.folder, self.folder / "data", self.logs, self.credentials):
                private.mkdir(mode=0o700, exist_ok=True)
                private.chmod(0o711 if self._lets_pass(private) else 0o700)
            (self.folder / "lock").touch(mode=0o600)
            if not self.is_held():
                outside.adopt(self.folder / "data", identity.keep(self.folder))
            identity.check(self.folder)
        except OSError as error:
            raise BrokenState(
                f"the state folder {self.folder} is not usable: {error.strerror} ({error.filename}); "
                "repair or remove it, or name another one in BOXOFFICE_STATE"
            ) from error

    def identity(self) -> Identity | None:
        """The stack that this folder is; None when nothing was up yet, or by older code. Raises NotThisStack."""
        return identity.check(self.folder) if self.folder.is_dir() else None

    def _lets_pass(self, folder: Path) -> bool:
        """Postgres, which as root runs as another user, used to have its data in here; now they go outside."""
        data = self.folder / "data" / "postgres"
        inside = data.is_dir() and not data.is_symlink() and data.stat().st_uid != os.geteuid()
        return inside and folder in (self.folder, data.parent)

    def read(self, name: str) -> dict[str, Any]:
        """The content of a JSON file; empty when there is none or it is broken: all in there can be made anew."""
        try:
            content = json.loads((self.folder / name).read_text())
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def write(self, name: str, content: Mapping[str, Any]) -> None:
        path = self.folder / name
        work = path.with_name(f".{name}.new")
        work.touch(mode=0o600)
        work.write_text(json.dumps(content, indent=2))
        work.replace(path)

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """Whether this process now holds the stack; the system takes it back when the process ends, however it ends."""
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield True
        finally:
            os.close(descriptor)

    def is_held(self) -> bool:
        """Whether a supervisor lives."""
        if not (self.folder / "lock").exists():
            return False
        with self.locked() as mine:
            return not mine

    def remove(self) -> None:
        """Remove all that is ours; the folder too when nothing else is in it. Where a link leads out of the folder the
        link goes, and what it leads to only when that is provably this stack's.
        """
        try:
            known = self.identity()
        except NotThisStack:
            known = None
        data = self.folder / "data"
        for link in data.glob("*") if not data.is_symlink() else ():
            if link.is_symlink():
                outside.remove(link, known)
        for name in FOLDERS:
            path = self.folder / name
            if path.is_symlink():
                path.unlink()
            else:
                shutil.rmtree(path, ignore_errors=True)
        for name in FILES:
            (self.folder / name).unlink(missing_ok=True)
        with suppress(OSError):  # somebody else's files
            self.folder.rmdir()


def current_state() -> State:
    """The folder in BOXOFFICE_STATE, or else `.boxoffice` beside the code."""
    return State(Path(os.environ.get("BOXOFFICE_STATE") or REPOSITORY / ".boxoffice").expanduser().absolute())

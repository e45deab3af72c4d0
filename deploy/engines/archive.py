"""The file of a backup: a tar of dumps, secrets, and a table of contents by which all of it can be checked."""

import hashlib
import json
import os
import shutil
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from engines.copying import Content, Contents
from engines.protocol import EngineError

FORMAT = 1
CONTENTS = "contents.json"
SECRETS = "secrets.json"
STANDARD = "-"
"""The name that stands for standard input or output."""


@dataclass(frozen=True, slots=True)
class Backup:
    """An unpacked one: files in `folder`, and what they hold. `tables` are by `service.table`."""

    folder: Path
    made_at: str
    services: tuple[str, ...]
    tables: Contents

    def dump(self, service: str) -> Path:
        return self.folder / f"{service}.dump"

    def told(self) -> str:
        """In words."""
        rows = sum(content.rows for content in self.tables.values())
        tables = f"{len(self.tables)} tables with {rows:,} rows" if self.services else "no databases"
        return f"the secrets of Vault and {tables}, as of {self.made_at}"

    def secrets(self) -> dict[str, dict[str, str]]:
        """The secrets of Vault by path."""
        found: dict[str, dict[str, str]] = json.loads((self.folder / SECRETS).read_text())
        return found


def pack(backup: Backup, name: str) -> None:
    """Write the backup to the file `name`, which nobody else can read, and which there is whole or not at all."""
    members = [SECRETS, *(backup.dump(service).name for service in backup.services)]
    contents = {
        "format": FORMAT,
        "made_at": backup.made_at,
        "services": backup.services,
        "tables": {table: asdict(content) for table, content in backup.tables.items()},
        "sha256": {member: _digest(backup.folder / member) for member in members},
    }
    (backup.folder / CONTENTS).write_text(json.dumps(contents, indent=2))
    with _output(name) as output, tarfile.open(fileobj=output, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        for member in (CONTENTS, *members):
            tar.add(backup.folder / member, member, filter=_nobodys)


def unpack(name: str, folder: Path) -> Backup:
    """Read the file `name` into `folder`. Raises EngineError when it is not a whole backup of this format."""
    try:
        with _input(name) as source, tarfile.open(fileobj=source, mode="r|") as tar:
            _extract(tar, folder)
        contents: Mapping[str, Any] = json.loads((folder / CONTENTS).read_text())
        if contents["format"] != FORMAT:
            raise EngineError(f"the backup has format {contents['format']}, and this code reads format {FORMAT}")
        broken = [member for member, digest in contents["sha256"].items() if _digest(folder / member) != digest]
        tables = {table: Content(**content) for table, content in contents["tables"].items()}
        backup = Backup(folder, contents["made_at"], tuple(contents["services"]), tables)
    except (tarfile.TarError, EOFError, ValueError, KeyError, TypeError) as error:
        raise EngineError(f"{name} is not a backup, or only a part of one: {error}") from error
    except OSError as error:
        raise EngineError(f"cannot read the backup: {error.strerror} ({error.filename})") from error
    if broken:
        raise EngineError(f"the backup is damaged, nothing was restored: {', '.join(broken)}")
    return backup


def _extract(tar: tarfile.TarFile, folder: Path) -> None:
    """Plain files without a folder: a backup has nothing else, and so nothing gets out of `folder`."""
    for member in tar:
        content = tar.extractfile(member) if member.isfile() and Path(member.name).name == member.name else None
        if content is None:
            raise tarfile.ExtractError(f"{member.name} has no place in it")
        with (folder / member.name).open("wb") as file:
            shutil.copyfileobj(content, file)


@contextmanager
def _output(name: str) -> Iterator[IO[bytes]]:
    if name == STANDARD:
        yield sys.stdout.buffer
        return
    path = Path(name).expanduser()
    work = path.with_name(f".{path.name}.new")
    try:
        work.unlink(missing_ok=True)
        with os.fdopen(os.open(work, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as output:
            yield output
            output.flush()
            os.fsync(output.fileno())
        work.replace(path)
    except OSError as error:
        raise EngineError(f"cannot write the backup: {error.strerror} ({error.filename})") from error
    finally:
        work.unlink(missing_ok=True)


@contextmanager
def _input(name: str) -> Iterator[IO[bytes]]:
    if name == STANDARD:
        yield sys.stdin.buffer
    else:
        with Path(name).expanduser().open("rb") as source:
            yield source


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Whose files they were here means nothing elsewhere; they stay secret."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode = 0o600
    return member

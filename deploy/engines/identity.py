"""Which stack a state folder is. A copy of the folder, or a link to it from elsewhere, is not that stack.

The folder holds a random id, the place where it is and its inode. The stack's processes carry the id, so a process or a
folder outside is ended or removed only when it provably belongs here.
"""

import json
import os
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

NAME = "identity.json"
VARIABLE = "BOXOFFICE_STACK"
"""Holds the id in the environment of every process of a stack."""


class NotThisStack(RuntimeError):
    """The folder is not the stack that it says it is. The message says what to do."""


class Linked(NotThisStack):
    """The folder is a link, from elsewhere, to the folder of a stack."""


class Copied(NotThisStack):
    """The folder is a copy of a stack's folder."""


@dataclass(frozen=True, slots=True)
class Identity:
    """`place` is the path with the links of its parents resolved, the last name as it is."""

    id: str
    place: str
    device: int
    inode: int


def read(folder: Path) -> Identity | None:
    """What the folder says of itself; None where nothing was up yet, or by older code."""
    try:
        return Identity(**json.loads((folder / NAME).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def check(folder: Path) -> Identity | None:
    """As `read`, and see that it is true. Raises Copied, Linked."""
    known = read(folder)
    if known is None:
        return None
    place, here = place_of(folder), folder.stat()
    if place == known.place:
        if here.st_ino == known.inode:  # the number of a device may be another one after a restart of the machine
            return known
        raise Copied(_copied(folder, known, "another folder that was here"))
    if (here.st_dev, here.st_ino) != (known.device, known.inode):
        raise Copied(_copied(folder, known, known.place))
    if Path(place).is_symlink() and _leads_to(known.place, here):
        raise Linked(f"{folder} is a link to the stack of {known.place}: work with it as BOXOFFICE_STATE={known.place}")
    return known  # it was moved


def keep(folder: Path) -> Identity:
    """The identity of a folder that is used; made where there is none, and told where it was moved to.

    Raises Copied, Linked, OSError.
    """
    known, here = check(folder), folder.stat()
    wanted = Identity(known.id if known else secrets.token_hex(16), place_of(folder), here.st_dev, here.st_ino)
    if wanted == known:
        return wanted
    path = folder / NAME
    work = folder / f".{NAME}.{wanted.id[:8]}"
    work.unlink(missing_ok=True)
    with os.fdopen(os.open(work, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        json.dump(asdict(wanted), file, indent=2)
    if known is None and read(folder) is None:
        path.unlink(missing_ok=True)  # unreadable
        with suppress(FileExistsError):  # another `up` was first, and its id counts
            os.link(work, path)
        work.unlink()
    else:
        work.replace(path)
    return read(folder) or wanted


def place_of(folder: Path) -> str:
    return str(folder.parent.resolve() / folder.name)


def _leads_to(place: str, folder: os.stat_result) -> bool:
    try:
        return os.path.samestat(Path(place).stat(), folder)
    except OSError:
        return False


def _copied(folder: Path, known: Identity, original: str) -> str:
    return (
        f"{folder} is a copy of {original}, whose stack is left alone: `boxoffice down --clean` removes the copy, "
        "BOXOFFICE_STATE names another folder, and `boxoffice backup` and `restore` bring data along. "
        f"Where the original is gone for good: rm {folder / NAME}"
    )

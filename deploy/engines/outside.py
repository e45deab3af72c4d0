"""Data that had to go outside of a stack's folder, because the user whose they are may not enter it.

A link in the folder leads to them; a note beside them says whose they are: the path of the link, the id of the stack.
"""

import shutil
from pathlib import Path

from engines.identity import Identity


def claim(place: Path, link: Path, known: Identity | None) -> None:
    """Note that the data at `place` belong to the stack that has this link."""
    _note(place).write_text(f"{link}\n{known.id if known else ''}\n")


def belongs(link: Path, known: Identity | None) -> bool:
    """Whether what the link leads to is this stack's. Data from before notes had ids are known by the path alone."""
    try:
        path, *more = _note(link.resolve()).read_text().splitlines()
    except (OSError, ValueError):
        return False
    noted = more[0] if more else ""
    return noted == known.id if noted and known else not noted and path == str(link)


def of_another(link: Path, known: Identity | None) -> bool:
    """Whether a note says that what the link leads to is another stack's."""
    return link.is_symlink() and _note(link.resolve()).exists() and not belongs(link, known)


def take(link: Path, known: Identity | None) -> None:
    """See that what the link leads to is this stack's: data without a note become so. Raises RuntimeError."""
    if of_another(link, known):
        place = link.resolve()
        raise RuntimeError(
            f"{link} leads to {place}, which another stack has: remove the link to begin without data, "
            f"or, where that stack is gone for good: rm {_note(place)}"
        )
    if link.is_symlink() and link.exists() and not _note(link.resolve()).exists():
        claim(link.resolve(), link, known)


def adopt(folder: Path, known: Identity) -> None:
    """Give the notes of what is linked from `folder` the id, where it is still missing."""
    for link in folder.glob("*"):
        if link.is_symlink() and belongs(link, known):
            claim(link.resolve(), link, known)


def remove(link: Path, known: Identity | None) -> None:
    """Remove a link, and what it leads to only when that is this stack's."""
    if belongs(link, known):
        place = link.resolve()
        shutil.rmtree(place, ignore_errors=True)
        _note(place).unlink(missing_ok=True)
    link.unlink(missing_ok=True)


def _note(place: Path) -> Path:
    return place.with_name(f"{place.name}.of")

"""The logs of a stack: one file for each process, shown one by one or all together."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

LAST_LINES = 20
LOOK_EVERY = 0.2
QUIET = {"openbao-audit"}
"""Shown only when asked for by name: they are written for auditors."""


def names(folder: Path) -> list[str]:
    """The processes that have a log."""
    return sorted(path.stem for path in folder.glob("*.log"))


def read(folder: Path, name: str | None, *, follow: bool) -> Iterator[str]:
    """The log `name`, or the last lines of every log; with `follow` also what is written from now on, for ever.

    Raises FileNotFoundError when there is no such log.
    """
    chosen = [name] if name else [each for each in names(folder) if each not in QUIET]
    width = 0 if name else max((len(each) for each in chosen), default=0)
    with _Files(folder) as files:
        for each in chosen:
            lines = files.new_lines(each)
            yield from (_prefixed(each, width, line) for line in (lines if name else lines[-LAST_LINES:]))
        while follow:
            quiet = True
            for each in chosen if name else [each for each in names(folder) if each not in QUIET]:
                for line in files.new_lines(each):
                    quiet = False
                    yield _prefixed(each, width, line)
            if quiet:
                time.sleep(LOOK_EVERY)


def _prefixed(name: str, width: int, line: str) -> str:
    return f"{name:<{width}} | {line}" if width else line


class _Files:
    """Open logs, each read once to its end and then only for what is new."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, TextIO] = {}

    def __enter__(self) -> "_Files":
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._open.values():
            file.close()

    def new_lines(self, name: str) -> list[str]:
        if name not in self._open:
            self._open[name] = (self._folder / f"{name}.log").open(errors="replace")
        file = self._open[name]
        if file.tell() > os.fstat(file.fileno()).st_size:  # it was cut meanwhile
            file.seek(0)
        return file.read().splitlines()

"""Logs that do not fill the disk, however much a client makes the edge or an instance say."""

import asyncio
import shutil
from pathlib import Path

from engines.local import server

LOOK_SECONDS = 10.0


async def keep_small(folder: Path, *, every: float = LOOK_SECONDS) -> None:
    """Look after the logs in `folder` for as long as this runs."""
    while True:
        await asyncio.to_thread(shorten_all, folder)
        await asyncio.sleep(every)


def shorten_all(folder: Path) -> None:
    for log in folder.glob("*.log"):
        shorten(log)


def shorten(log: Path) -> None:
    """Put the content of a log that has grown large aside, while its process goes on writing.

    Every process appends, so that what it says next is at the beginning of the emptied file. What it says between the
    copy and that moment is lost.
    """
    if log.stat().st_size > server.LARGEST_LOG:
        shutil.copyfile(log, log.with_suffix(".log.1"))
        with log.open("r+b") as file:
            file.truncate()

"""Progress of a long command: a live display on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from engines.protocol import Progress

DONE = {"ready", "stopped", "copied", "saved", "restored"}


@contextmanager
def live() -> Iterator[Progress]:
    """Yields what is to be told of each step."""
    if sys.stdout.isatty():
        with _display() as progress:
            yield progress
    else:
        yield _plain()


def _plain() -> Progress:
    began: dict[str, float] = {}

    def progress(name: str, what: str) -> None:
        if what in DONE:
            print(f"  {name} {what} ({time.monotonic() - began.pop(name, time.monotonic()):.1f} s)", flush=True)
        else:
            began[name] = time.monotonic()

    return progress


@contextmanager
def _display() -> Iterator[Progress]:
    from rich.progress import Progress as Display
    from rich.progress import SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(finished_text="[green]✓"), TextColumn("{task.description}"), TimeElapsedColumn())
    with Display(*columns, transient=False) as display:
        tasks: dict[str, TaskID] = {}

        def progress(name: str, what: str) -> None:
            if name not in tasks:
                tasks[name] = display.add_task(name, total=1)
            finished = what in DONE
            display.update(tasks[name], description=f"{name:<12} {what}", completed=1 if finished else 0)

        yield progress

"""How many files and connections a process may have open."""

import resource
from contextlib import suppress

ENOUGH = 65_536
"""Where the system allows any number, or a very large one."""
ON_MACOS = 10_240
"""What macOS grants where it says that there is no limit."""


def open_files() -> int:
    """How many this process may have open at a time."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return ENOUGH if soft == resource.RLIM_INFINITY else soft


def raise_open_files() -> None:
    """Let this process, and those that it starts, have as many open as the system allows.

    The limit that a shell gives is often 256 or 1024, for the sake of old programs that use select().
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    for wanted in (most, ON_MACOS):
        if open_files() < wanted:
            with suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))

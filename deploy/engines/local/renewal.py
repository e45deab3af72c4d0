"""Gives the processes of a stack new files to log in to Vault with, long before the old ones are good no more."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from engines.state import State

log = logging.getLogger(__name__)

OLD_SECONDS = 8 * 3600
"""By the clock on the wall: a machine that slept has missed a turn, and makes up for it at once."""
LOOK_SECONDS = 60.0
LASTING = {"operator-secret-id", "tools-secret-id"}
"""Not made by each setup."""


async def renew_logins(state: State, set_up: Callable[[], Awaitable[None]]) -> None:
    """Call `set_up` whenever the logins have become old, until cancelled. While Vault is away it is tried again."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        if _age(state) > OLD_SECONDS:
            try:
                await set_up()
            except Exception:
                log.exception("no new logins were made")


def _age(state: State) -> float:
    """Seconds since the last setup made new ones; 0 where there was none."""
    made = [each.stat().st_mtime for each in state.credentials.glob("*-secret-id") if each.name not in LASTING]
    return time.time() - min(made) if made else 0.0

"""Waiting for a server that is away: says once which and where, tries again with backoff, says when it is back."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from chassis.errors import is_outage
from chassis.work.backoff import Backoff

log = logging.getLogger(__name__)

T = TypeVar("T")

PAUSES = Backoff(0.1, 5.0)


async def until_available(what: str, attempt: Callable[[], Awaitable[T]]) -> T:
    """The result of `attempt`, called again and again while it fails with an outage (see `errors.is_outage`).

    `what` names the server and its address for the log, e.g. `vault at http://127.0.0.1:8200`. Other errors pass.
    """
    failures, said = 0, ""
    while True:
        try:
            result = await attempt()
        except Exception as error:
            if not is_outage(error):
                raise
            reason = str(error) or type(error).__name__
            if reason != said:
                log.warning("waiting for %s: %s", what, reason)
                said = reason
        else:
            if said:
                log.warning("%s is available again", what)
            return result
        failures += 1
        await asyncio.sleep(PAUSES.pause(failures))

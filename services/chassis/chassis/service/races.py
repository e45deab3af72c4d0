"""A use case that loses a race is tried again inside: its transaction was rolled back, so nothing has happened yet."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError

from chassis.errors import LOST_RACES, sqlstate
from chassis.messaging.outbox import ConcurrencyConflict
from chassis.work.backoff import Backoff

ATTEMPTS = 8
PAUSES = Backoff(0.005, 0.32)

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")
UseCase = Callable[Arguments, Awaitable[Answer]]


def retries_lost_races(use_case: UseCase[Arguments, Answer]) -> UseCase[Arguments, Answer]:
    """Decorates a use case of a request. It looks at the state afresh in every attempt, in a transaction that it opens.

    After `ATTEMPTS` lost races the last error goes to the caller.
    """

    @wraps(use_case)
    async def attempt(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        for number in range(1, ATTEMPTS):
            try:
                return await use_case(*args, **kwargs)
            except (ConcurrencyConflict, DBAPIError) as error:
                if not lost_a_race(error):
                    raise
            await asyncio.sleep(PAUSES.pause(number))
        return await use_case(*args, **kwargs)

    return attempt


def lost_a_race(error: BaseException) -> bool:
    """Whether another transaction got in the way: of the version of an aggregate, or by a deadlock."""
    if isinstance(error, DBAPIError):
        return sqlstate(error) in LOST_RACES
    return isinstance(error, ConcurrencyConflict)

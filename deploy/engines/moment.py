"""One moment of several databases, for a backup while everybody works.

Services tell each other of changes by events alone: an effect is recorded in a consumer's `inbox`, its cause in the
producer's `event_log`. Where both tables of all databases stand still, whatever is in an inbox is in a log as well.
That is the moment: writers wait a few milliseconds for it, then the dumps read what was there, and nobody waits.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg

from engines.copying import AS_TEXT
from engines.pgtools import database_url
from engines.protocol import EngineError

STAND_STILL = "LOCK TABLE inbox, event_log IN SHARE MODE"
"""In the order in which services write to them: otherwise two could wait for each other."""
WAIT_MS = 1500
"""How long writers may have to wait at most for one who does not finish."""
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class View:
    """A database as it was: through `connection`, or for others by the name of the `snapshot`."""

    service: str
    url: str
    snapshot: str
    connection: asyncpg.Connection


@asynccontextmanager
async def one_moment(url: str, services: Sequence[str]) -> AsyncIterator[list[View]]:
    """The databases of `services` as they all were at one time. Raises EngineError, OSError, asyncpg.PostgresError."""
    async with AsyncExitStack() as stack:
        urls = [database_url(url, service) for service in services]
        readers = [await _connected(stack, each) for each in urls]
        async with AsyncExitStack() as still:
            await _stand_still([await _connected(still, each) for each in urls])
            snapshots = await asyncio.gather(*map(_snapshot, readers))
        yield [View(*each) for each in zip(services, urls, snapshots, readers, strict=True)]


async def _stand_still(connections: Sequence[asyncpg.Connection]) -> None:
    """Lock all; they are free again when the connections are closed."""
    for _ in range(ATTEMPTS):
        outcomes = await asyncio.gather(*map(_lock, connections), return_exceptions=True)
        failed = [each for each in outcomes if isinstance(each, BaseException)]
        if not failed:
            return
        if not all(isinstance(each, asyncpg.LockNotAvailableError) for each in failed):
            raise failed[0]
        await asyncio.gather(*(each.execute("ROLLBACK") for each in connections))
    raise EngineError("the databases did not come to rest: a long transaction is at work, try again later")


async def _lock(connection: asyncpg.Connection) -> None:
    await connection.execute("BEGIN")
    await connection.execute(f"SET LOCAL lock_timeout = {WAIT_MS}")
    await connection.execute(STAND_STILL)


async def _snapshot(connection: asyncpg.Connection) -> str:
    await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    return str(await connection.fetchval("SELECT pg_export_snapshot()"))


async def _connected(stack: AsyncExitStack, url: str) -> asyncpg.Connection:
    connection = await asyncpg.connect(url, timeout=10, server_settings=AS_TEXT)
    stack.push_async_callback(connection.close)
    return connection

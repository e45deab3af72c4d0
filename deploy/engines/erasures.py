"""The ledger of erasures: which accounts asked to be forgotten. It has ids and nothing else, and may be kept for good.

A backup that was made before an erasure brings the account back. So the ledger is read before a restore, from what the
tier has and from a file where the tier is gone, and what it names is erased again afterwards.
"""

import asyncio
import uuid
from collections.abc import Collection
from pathlib import Path

import asyncpg

from engines.pgtools import database_url
from engines.protocol import EngineError

SERVICE = "accounts"
ERASED = "account.erased"
_READ = "SELECT DISTINCT key FROM event_log WHERE type = $1"
_REMOVE = "DELETE FROM accounts WHERE id = ANY($1::uuid[])"
_TELL = "INSERT INTO event_log (id, topic, key, type, data, traceparent) VALUES ($1, $2, $3::text, $4, $5, '')"


async def read_ledger(url: str) -> set[str]:
    """The ids of erased accounts in the database of accounts; none where that is not there (any more)."""
    try:
        accounts = await asyncpg.connect(database_url(url, SERVICE), timeout=10)
    except (asyncpg.InvalidCatalogNameError, OSError):
        return set()
    try:
        return {row["key"] for row in await accounts.fetch(_READ, ERASED)}
    except asyncpg.UndefinedTableError:
        return set()
    finally:
        await accounts.close()


def ledger_of(url: str) -> set[str]:
    """The ids of erased accounts, for a command. Raises EngineError."""
    try:
        return asyncio.run(read_ledger(url))
    except (OSError, asyncpg.PostgresError) as error:
        raise EngineError(f"reading the erasures failed: {error or type(error).__name__}") from error


def from_file(name: str) -> set[str]:
    """The ids in a file that `boxoffice erasures` wrote, one a line. Raises EngineError."""
    try:
        return {str(uuid.UUID(line)) for line in Path(name).expanduser().read_text().split()}
    except (OSError, ValueError) as error:
        raise EngineError(f"{name} is no list of erased accounts: {error}") from error


async def erase_again(url: str, ledger: Collection[str]) -> int:
    """Erase the accounts that the ledger names and the database knows as alive, as their erasure did.

    Every service hears of it by the event. Answers how many there were.
    """
    again = sorted({*ledger} - await read_ledger(url))
    if not again:
        return 0
    accounts = await asyncpg.connect(database_url(url, SERVICE), timeout=10)
    try:
        async with accounts.transaction():
            await accounts.execute(_REMOVE, again)
            events = [(uuid.uuid4(), SERVICE, each, ERASED, f'{{"account_id": "{each}"}}') for each in again]
            await accounts.executemany(_TELL, events)
    finally:
        await accounts.close()
    return len(again)

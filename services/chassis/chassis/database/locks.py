"""Locks on things that may have no row yet. A transaction that takes one keeps it until it ends.

What is decided by a fact that may not have arrived takes the lock shared and looks; what brings the fact takes it
exclusively and writes. So one of the two sees the other, whichever comes first.
"""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

_numbers = bindparam("numbers", type_=ARRAY(BigInteger))
_shared = text("SELECT pg_advisory_xact_lock_shared(number) FROM unnest(:numbers) AS number").bindparams(_numbers)
_exclusive = text("SELECT pg_advisory_xact_lock(number) FROM unnest(:numbers) AS number").bindparams(_numbers)


async def share(tx: AsyncConnection, ids: Iterable[UUID]) -> None:
    """Let no transaction hold these things exclusively until `tx` ends; several may share them."""
    await tx.execute(_shared, {"numbers": _in_order(ids)})


async def own(tx: AsyncConnection, ids: Iterable[UUID]) -> None:
    """Let no other transaction hold these things until `tx` ends. Its next statement sees what the others did."""
    await tx.execute(_exclusive, {"numbers": _in_order(ids)})


def _in_order(ids: Iterable[UUID]) -> list[int]:
    """Postgres locks by number: the second half of an id, which is random. Sorted, so that two never deadlock."""
    return sorted({int.from_bytes(each.bytes[8:], signed=True) for each in ids})

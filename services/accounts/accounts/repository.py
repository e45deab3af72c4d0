"""Queries on accounts."""

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, Uuid, any_, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from accounts.domain import Account
from accounts.tables import accounts

_by_ids = select(accounts).where(accounts.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))


async def add(tx: AsyncConnection, account: Account) -> bool:
    """Insert the account; False when its id or e-mail address is there already."""
    row = insert(accounts).values(asdict(account) | {"roles": list(account.roles)})
    return bool((await tx.execute(row.on_conflict_do_nothing())).rowcount)


async def by_id(connection: AsyncConnection, account_id: UUID) -> Account | None:
    return await _one(connection, accounts.c.id == account_id)


async def by_email(connection: AsyncConnection, email: str) -> Account | None:
    """The account with this address, given in its normal spelling."""
    return await _one(connection, accounts.c.email == email)


async def keep_from_erasure(tx: AsyncConnection, account_id: UUID) -> bool:
    """Whether the account is there; if so it cannot be deleted before `tx` ends."""
    query = select(accounts.c.id).where(accounts.c.id == account_id).with_for_update(read=True, key_share=True)
    return await tx.scalar(query) is not None


async def set_password_hash(tx: AsyncConnection, account_id: UUID, password_hash: str) -> None:
    await tx.execute(update(accounts).where(accounts.c.id == account_id).values(password_hash=password_hash))


async def remove(tx: AsyncConnection, account_id: UUID) -> bool:
    """Delete the row; False when there is none."""
    return bool((await tx.execute(delete(accounts).where(accounts.c.id == account_id))).rowcount)


async def people(connection: AsyncConnection, ids: Sequence[UUID]) -> list[Account]:
    """The accounts of these ids; those that are not there, or no longer, are left out."""
    return [_account(row) for row in (await connection.execute(_by_ids, {"ids": ids})).mappings()]


async def _one(connection: AsyncConnection, condition: ColumnElement[bool]) -> Account | None:
    row = (await connection.execute(select(accounts).where(condition))).mappings().one_or_none()
    return _account(row) if row is not None else None


def _account(row: RowMapping) -> Account:
    return Account(**{**row, "roles": tuple(row["roles"])})

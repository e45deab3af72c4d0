"""Queries on accounts."""

from dataclasses import asdict
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from accounts.domain import Account
from accounts.events import AccountRegistered
from accounts.tables import accounts
from chassis.tables import event_log

_BLANKED = dict.fromkeys(AccountRegistered.personal, "")


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


async def blank_log(tx: AsyncConnection, account_id: UUID) -> None:
    """Empty the personal members of the account's events: they stay readable and, sent again, say nothing."""
    blanked = event_log.c.data.concat(bindparam("blanked", _BLANKED, JSONB))
    theirs = (event_log.c.topic == AccountRegistered.topic) & (event_log.c.key == str(account_id))
    await tx.execute(update(event_log).where(theirs, event_log.c.type == AccountRegistered.type).values(data=blanked))


async def _one(connection: AsyncConnection, condition: ColumnElement[bool]) -> Account | None:
    row = (await connection.execute(select(accounts).where(condition))).mappings().one_or_none()
    return Account(**{**row, "roles": tuple(row["roles"])}) if row is not None else None

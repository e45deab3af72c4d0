"""Queries on accounts."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, RowMapping, Uuid, any_, bindparam, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from accounts.domain import Account
from accounts.tables import accounts, password_resets

_by_ids = select(accounts).where(accounts.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))


_resets_by_ids = select(password_resets.c.id, password_resets.c.account_id).where(
    password_resets.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))),
    password_resets.c.expires_at > bindparam("now", type_=DateTime(timezone=True)),
)


@dataclass(frozen=True, slots=True)
class Reset:
    """A reset that was asked for and is still good."""

    id: UUID
    account_id: UUID


async def add(tx: AsyncConnection, account: Account) -> bool:
    """Insert the account; False when its id or e-mail address is there already."""
    row = insert(accounts).values(asdict(account) | {"roles": list(account.roles)})
    return bool((await tx.execute(row.on_conflict_do_nothing())).rowcount)


async def by_id(connection: AsyncConnection, account_id: UUID) -> Account | None:
    return await _one(connection, accounts.c.id == account_id)


async def by_email(connection: AsyncConnection, email: str) -> Account | None:
    """The account with this address, given in its normal spelling."""
    return await _one(connection, accounts.c.email == email)


async def hold(tx: AsyncConnection, account: Account) -> bool:
    """Whether the account is there and has the same password; if so neither can change before `tx` ends."""
    query = select(accounts.c.id).where(_same_password(account)).with_for_update(read=True)
    return await tx.scalar(query) is not None


async def change_password(tx: AsyncConnection, account: Account, new_hash: str) -> bool:
    """Another password; False when it was changed since `account` was read, or the account is gone."""
    values = {"password_hash": new_hash, "password_version": account.password_version + 1}
    return bool((await tx.execute(update(accounts).where(_same_password(account)).values(values))).rowcount)


async def renew_hash(tx: AsyncConnection, account: Account, new_hash: str) -> None:
    """Another hash of the same password."""
    await tx.execute(update(accounts).where(_same_password(account)).values(password_hash=new_hash))


async def confirm(tx: AsyncConnection, account_id: UUID, when: datetime) -> None:
    """The address is the owner's, from the first time that this is said."""
    unconfirmed = (accounts.c.id == account_id) & accounts.c.confirmed_at.is_(None)
    await tx.execute(update(accounts).where(unconfirmed).values(confirmed_at=when))


async def add_reset(tx: AsyncConnection, reset_id: UUID, account_id: UUID, expires_at: datetime) -> bool:
    """Remember that a reset was asked for; False when the account is gone. Forgets those that are over."""
    await tx.execute(delete(password_resets).where(password_resets.c.expires_at < func.now()))
    row = select(literal(reset_id), accounts.c.id, literal(expires_at)).where(accounts.c.id == account_id)
    added = insert(password_resets).from_select(["id", "account_id", "expires_at"], row.with_for_update(key_share=True))
    return bool((await tx.execute(added)).rowcount)


async def resets(connection: AsyncConnection, ids: Collection[UUID], now: datetime) -> list[Reset]:
    """Those of these resets that are still good."""
    rows = await connection.execute(_resets_by_ids, {"ids": list(ids), "now": now})
    return [Reset(row.id, row.account_id) for row in rows]


async def take_reset(tx: AsyncConnection, reset_id: UUID, now: datetime) -> bool:
    """Use up a reset; False when it was used, or is too old."""
    good = (password_resets.c.id == reset_id) & (password_resets.c.expires_at > now)
    return bool((await tx.execute(delete(password_resets).where(good))).rowcount)


async def set_roles(tx: AsyncConnection, account_id: UUID, roles: Sequence[str]) -> None:
    await tx.execute(update(accounts).where(accounts.c.id == account_id).values(roles=list(roles)))


async def remove(tx: AsyncConnection, account_id: UUID) -> bool:
    """Delete the row; False when there is none."""
    return bool((await tx.execute(delete(accounts).where(accounts.c.id == account_id))).rowcount)


async def people(connection: AsyncConnection, ids: Sequence[UUID]) -> list[Account]:
    """The accounts of these ids; those that are not there, or no longer, are left out."""
    return [_account(row) for row in (await connection.execute(_by_ids, {"ids": ids})).mappings()]


async def _one(connection: AsyncConnection, condition: ColumnElement[bool]) -> Account | None:
    row = (await connection.execute(select(accounts).where(condition))).mappings().one_or_none()
    return _account(row) if row is not None else None


def _same_password(account: Account) -> ColumnElement[bool]:
    return (accounts.c.id == account.id) & (accounts.c.password_version == account.password_version)


def _account(row: RowMapping) -> Account:
    return Account(**{**row, "roles": tuple(row["roles"])})

"""The use cases: register, sign in, look at the profile, be forgotten."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from accounts import repository
from accounts.domain import Account, normalise_email, open_account
from accounts.errors import EmailTaken, WrongCredentials
from accounts.events import AccountErased, AccountRegistered
from accounts.passwords import Passwords, passwords_of
from accounts.settings import Settings, settings_of
from chassis import outbox
from chassis.database import Database
from chassis.errors import NotFound, Unauthenticated
from chassis.events import now
from chassis.ids import uuid7
from chassis.ratelimit import Limit, Quota, RateLimiter
from chassis.runtime import Runtime
from chassis.sessions import Session, Sessions


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a sign-in comes from: its address, its user agent, and the token that it held before."""

    remote: str
    user_agent: str
    token: str | None = None


async def register(runtime: Runtime, *, email: str, password: str, name: str, country: str) -> Account:
    """Open an account; raises EmailTaken."""
    passwords = passwords_of(runtime)
    account = open_account(id=uuid7(), email=email, name=name, country=country, password_hash="", now=now())
    async with passwords.slot():
        account = replace(account, password_hash=await passwords.hash(password))
    if not await store(runtime.database, account):
        raise EmailTaken
    return account


async def store(database: Database, account: Account) -> bool:
    """Write a new account and tell of it; False when its id or e-mail address is there already."""
    async with database.transaction() as tx:
        is_new = await repository.add(tx, account)
        if is_new:
            await outbox.append(tx, AccountRegistered(account_id=account.id, jurisdiction=account.jurisdiction))
    return is_new


async def sign_in(runtime: Runtime, *, email: str, password: str, browser: Browser) -> tuple[str, Session]:
    """Check the password and begin a session: its token and what it holds.

    Raises WrongCredentials, the same and after the same time whether the address or the password is wrong, and
    TooManyRequests after repeated failures for the address or from the place.
    """
    passwords, limiter = passwords_of(runtime), RateLimiter(runtime.redis)
    address = _normalised(email)
    by_email, by_remote = _failures(settings_of(runtime), address or email, browser.remote)
    account = await _find(runtime.database, address)
    async with passwords.slot():
        # Inside the slot: a burst of guesses gets no further than one that comes slowly.
        await limiter.check(by_email, by_remote)
        right = await passwords.verify(account.password_hash if account else None, password)
        if not right:
            await limiter.count(by_email, by_remote)
    if account is None or not right:
        raise WrongCredentials
    await limiter.forget(by_email)
    return await _begin_session(runtime, account, password, browser)


async def sign_out(sessions: Sessions, account_id: UUID, session_id: str) -> Session:
    """End one session of an account; raises NotFound."""
    found = next((each for each in await sessions.list(account_id) if each.id == session_id), None)
    if found is None:
        raise NotFound("There is no such session.")
    await sessions.revoke(found.key)
    return found


async def profile(database: Database, account_id: UUID) -> Account:
    """The account that is signed in; Unauthenticated when it has just been erased."""
    async with database.reading() as connection:
        account = await repository.by_id(connection, account_id)
    if account is None:
        raise Unauthenticated
    return account


async def people(database: Database, ids: Sequence[UUID]) -> list[Account]:
    """The accounts of these ids; those that are not there, or no longer, are left out."""
    async with database.reading() as connection:
        return await repository.people(connection, ids)


async def erase(runtime: Runtime, account_id: UUID) -> None:
    """Forget a customer: the row and every session; the event makes the other services forget.

    The sessions end before the commit: were Redis away after it, they would outlive the account.
    """
    async with runtime.database.transaction() as tx:
        if await repository.remove(tx, account_id):
            await outbox.append(tx, AccountErased(account_id=account_id))
        await runtime.sessions.revoke_all(account_id)


async def _begin_session(runtime: Runtime, account: Account, password: str, browser: Browser) -> tuple[str, Session]:
    """A session of an account that cannot be erased at the same moment; renews a hash made with old parameters."""
    new_hash = await _renewed_hash(passwords_of(runtime), account, password)
    async with runtime.database.transaction() as tx:
        if not await repository.keep_from_erasure(tx, account.id):
            raise WrongCredentials
        if new_hash is not None:
            await repository.set_password_hash(tx, account.id, new_hash)
        return await runtime.sessions.create(
            account_id=account.id,
            roles=account.roles,
            jurisdiction=account.jurisdiction,
            user_agent=browser.user_agent,
            remote=browser.remote,
            replacing=browser.token,
        )


async def _renewed_hash(passwords: Passwords, account: Account, password: str) -> str | None:
    if not passwords.is_outdated(account.password_hash):
        return None
    async with passwords.slot():
        return await passwords.hash(password)


async def _find(database: Database, address: str | None) -> Account | None:
    if address is None:
        return None
    async with database.reading() as connection:
        return await repository.by_email(connection, address)


def _normalised(email: str) -> str | None:
    try:
        return normalise_email(email)
    except ValueError:
        return None


def _failures(settings: Settings, email: str, remote: str) -> tuple[Quota, Quota]:
    """The failed sign-ins that an address (kept as a hash) and a place have left."""
    by_email = Limit("sign-in-email", settings.failures_per_email, settings.sign_in_window_seconds)
    by_remote = Limit("sign-in-remote", settings.failures_per_address, settings.sign_in_window_seconds)
    return by_email.of(hashlib.sha256(email.encode()).hexdigest()), by_remote.of(remote)

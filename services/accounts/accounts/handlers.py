"""The use cases of an account's life: open it, look at it, have it forgotten, end its sessions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from accounts import repository
from accounts.domain import ORGANISER, Account, normalise_email, open_account
from accounts.errors import EmailTaken, WeakPassword
from accounts.events import AccountErased, AccountRegistered
from accounts.keys import keys_of
from accounts.passwords import passwords_of
from accounts.settings import Runtime
from accounts.strength import weakness
from chassis.auth import Limit, Quota, RateLimiter, Session, Sessions
from chassis.database import Database
from chassis.errors import NotFound, Unauthenticated
from chassis.http import Principal
from chassis.ids import uuid7
from chassis.messaging import now, outbox
from chassis.observability import Outcome, SecurityEvent, record
from chassis.service import retries_lost_races

DAY = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """Where a request comes from: its address, its user agent, and the cookies that it holds."""

    remote: str
    user_agent: str = ""
    token: str | None = None
    device: str | None = None


async def register(
    runtime: Runtime, *, email: str, password: str, name: str, country: str, browser: Browser, by: Principal | None
) -> Account:
    """Open an account. `by` is who is signed in: an organiser opens accounts for others under a quota of their own.

    Raises WeakPassword, EmailTaken, and TooManyRequests when the place, the organiser or the address had its share.
    """
    limiter, passwords = RateLimiter(runtime.redis), passwords_of(runtime)
    check_strength(password, email=email, name=name)
    await limiter.hit(await _registrations_from(runtime, browser, by))
    account = open_account(id=uuid7(), email=email, name=name, country=country, password_hash="", now=now())
    async with passwords.slot_for_newcomer():
        account = replace(account, password_hash=await passwords.hash(password))
    if not await store(runtime.database, account, once=(limiter, await _registrations_of(runtime, account.email))):
        raise EmailTaken
    record(SecurityEvent.REGISTRATION, Outcome.DONE, subject=account.id)
    return account


def check_strength(password: str, *, email: str, name: str, at: str = "password") -> None:
    """Raises WeakPassword, which names the member `at`, for what is easy to guess."""
    if why := weakness(password, known=(email, name)):
        raise WeakPassword(why, at=at)


async def store(database: Database, account: Account, *, once: tuple[RateLimiter, Quota] | None = None) -> bool:
    """Write a new account and tell of it; False when its id or e-mail address is there already.

    `once` is a quota that only an account which is really new uses up. Raises TooManyRequests.
    """
    async with database.transaction() as tx:
        is_new = await repository.add(tx, account)
        if is_new:
            if once:
                limiter, quota = once
                await limiter.hit(quota)
            await outbox.append(tx, AccountRegistered(account_id=account.id, jurisdiction=account.jurisdiction))
    return is_new


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


@retries_lost_races
async def set_role(runtime: Runtime, *, email: str, role: str, granted: bool) -> Account:
    """Give an account a role, or take it; its sessions follow at once. Raises NotFound for an unknown address."""
    async with runtime.database.transaction() as tx:
        account = await _by_address(tx, email)
        if account is None:
            raise NotFound(f"no account has the address {email}")
        roles = tuple(sorted({*account.roles, role} if granted else {*account.roles} - {role}))
        await repository.set_roles(tx, account.id, roles)
    await runtime.sessions.set_roles(account.id, roles)
    reason = f"{role}-{'given' if granted else 'taken'}"
    record(SecurityEvent.ROLE_CHANGE, Outcome.DONE, subject=account.id, reason=reason)
    return replace(account, roles=roles)


async def _by_address(tx: AsyncConnection, email: str) -> Account | None:
    try:
        return await repository.by_email(tx, normalise_email(email))
    except ValueError:
        return None


@retries_lost_races
async def erase(runtime: Runtime, account_id: UUID) -> None:
    """Forget a customer: the row and every session; the event makes the other services forget.

    The sessions end before the commit: were Redis away after it, they would outlive the account.
    """
    async with runtime.database.transaction() as tx:
        if await repository.remove(tx, account_id):
            await outbox.append(tx, AccountErased(account_id=account_id))
        await runtime.sessions.revoke_all(account_id)
    record(SecurityEvent.ERASURE, Outcome.DONE, account_id=account_id)


async def _registrations_from(runtime: Runtime, browser: Browser, by: Principal | None) -> Quota:
    settings, keys = runtime.config, keys_of(runtime)
    window = settings.registration_window_seconds
    if by is not None and ORGANISER in by.roles:
        limit = Limit("register-organiser", settings.registrations_per_organiser, window)
        return limit.of(str(by.account_id))
    limit = Limit("register-place", settings.registrations_per_address, window)
    return limit.of(await keys.subject(limit.name, browser.remote))


async def _registrations_of(runtime: Runtime, email: str) -> Quota:
    limit = Limit("register-email", runtime.config.registrations_per_email, DAY)
    return limit.of(await keys_of(runtime).subject(limit.name, email))

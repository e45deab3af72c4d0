"""The use cases of a password: sign in with it, prove with it that a session is in the right hands, change it."""

from dataclasses import dataclass

from accounts import devices, handlers, repository
from accounts.domain import Account, normalise_email
from accounts.errors import WrongCredentials, WrongPassword
from accounts.events import PasswordChanged
from accounts.guessing import Claim, guard_of
from accounts.handlers import Browser
from accounts.keys import keys_of
from accounts.passwords import Passwords, passwords_of
from accounts.settings import Runtime
from chassis.auth import Session
from chassis.database import Database
from chassis.http import Principal
from chassis.ids import uuid7
from chassis.messaging import outbox
from chassis.observability import Outcome, SecurityEvent, record


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a browser gets: the token of its session, and a device cookie where it has no fresh one."""

    session: Session
    token: str
    device: str | None


async def sign_in(runtime: Runtime, *, email: str, password: str, browser: Browser) -> SignedIn:
    """Check the password and begin a session.

    Raises WrongCredentials, the same and after the same time whether the address or the password is wrong, and
    TooManyRequests after repeated failures (`guessing.Guard`).
    """
    address = _normalised(email)
    account = await find(runtime.database, email)
    device = await devices.recognise(keys_of(runtime), browser.device, account.id) if account else None
    claim = Claim(
        email=address or email,
        known_hash=account.password_hash if account else None,
        remote=browser.remote,
        source=browser.remote,
        device=device.nonce if device else None,
    )
    if not await guard_of(runtime).verify(claim, password) or account is None:
        raise WrongCredentials
    token, session = await _begin_session(runtime, account, password, browser)
    record(SecurityEvent.SIGN_IN, Outcome.DONE, account_id=account.id)
    fresh = device is not None and not device.is_stale
    return SignedIn(session, token, None if fresh else await devices.issue(keys_of(runtime), account.id))


async def prove(runtime: Runtime, principal: Principal, password: str, browser: Browser) -> Account:
    """The account of a session whose holder knows its password too. Raises WrongPassword, TooManyRequests."""
    account = await handlers.profile(runtime.database, principal.account_id)
    claim = Claim(
        email=account.email, known_hash=account.password_hash, remote=browser.remote, source=principal.session_key
    )
    if not await guard_of(runtime).verify(claim, password):
        raise WrongPassword
    return account


async def erase(runtime: Runtime, principal: Principal, password: str, browser: Browser) -> None:
    """Forget the account that is signed in. Raises WrongPassword, TooManyRequests."""
    account = await prove(runtime, principal, password, browser)
    await handlers.erase(runtime, account.id)


async def change(
    runtime: Runtime, principal: Principal, *, old: str, new: str, browser: Browser
) -> tuple[str, Session]:
    """Change the password: every session ends, and a new one begins here: its token and what it holds.

    Raises WrongPassword, WeakPassword, TooManyRequests.
    """
    account = await prove(runtime, principal, old, browser)
    new_hash = await chosen_password(passwords_of(runtime), account, new, at="new")
    async with runtime.database.transaction() as tx:
        if not await repository.change_password(tx, account, new_hash):
            raise WrongPassword  # it was changed at the same moment
        await outbox.append(tx, PasswordChanged(account_id=account.id, change_id=uuid7()))
        await runtime.sessions.revoke_all(account.id)
        created = await _new_session(runtime, account, browser)
    record(SecurityEvent.PASSWORD_CHANGE, Outcome.DONE, account_id=account.id)
    return created


async def chosen_password(passwords: Passwords, account: Account, password: str, *, at: str = "password") -> str:
    """The hash of a password that its owner chose. Raises WeakPassword, which names the member `at`."""
    handlers.check_strength(password, email=account.email, name=account.name, at=at)
    async with passwords.slot():
        return await passwords.hash(password)


async def _begin_session(runtime: Runtime, account: Account, password: str, browser: Browser) -> tuple[str, Session]:
    """A session of an account that is not erased, and whose password is not changed, at the same moment.

    Renews a hash made with old parameters.
    """
    async with runtime.database.transaction() as tx:
        if not await repository.hold(tx, account):
            raise WrongCredentials
        created = await _new_session(runtime, account, browser)
    if new_hash := await _renewed_hash(passwords_of(runtime), account, password):
        async with runtime.database.transaction() as tx:
            await repository.renew_hash(tx, account, new_hash)
    return created


async def _new_session(runtime: Runtime, account: Account, browser: Browser) -> tuple[str, Session]:
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


async def find(database: Database, email: str) -> Account | None:
    """The account with this address, however it is written; None for what is no address too."""
    address = _normalised(email)
    if address is None:
        return None
    async with database.reading() as connection:
        return await repository.by_email(connection, address)


def _normalised(email: str) -> str | None:
    try:
        return normalise_email(email)
    except ValueError:
        return None

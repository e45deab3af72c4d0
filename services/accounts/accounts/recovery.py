"""The use cases of a mailbox: confirm an address, set a new password without the old one."""

import logging
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from accounts import devices, links, repository
from accounts.credentials import chosen_password, find
from accounts.domain import Account
from accounts.errors import LinkSpent
from accounts.events import PasswordChanged, PasswordResetRequested
from accounts.handlers import Browser
from accounts.keys import keys_of
from accounts.passwords import passwords_of
from accounts.settings import Runtime
from chassis.auth import Limit, Quota, RateLimiter, TooManyRequests
from chassis.errors import is_outage
from chassis.ids import uuid7
from chassis.messaging import now, outbox
from chassis.observability import Outcome, SecurityEvent, record

log = logging.getLogger(__name__)

HOUR = 3600


async def reset_wanted(runtime: Runtime, *, email: str, browser: Browser) -> Account | None:
    """Whose password is to be reset. Raises TooManyRequests when the place has asked too often."""
    quota = await _quota(runtime, "reset-place", runtime.config.resets_per_address, browser.remote)
    await RateLimiter(runtime.redis).hit(quota)
    return await find(runtime.database, email)


async def send_reset(runtime: Runtime, account: Account) -> None:
    """Have a mail sent with which the owner sets a new password, unless there were enough of them.

    It runs after the answer, which so says nothing about the account: not by its time either. An error ends here.
    """
    try:
        quota = await _quota(runtime, "reset-email", runtime.config.resets_per_email, account.email)
        await RateLimiter(runtime.redis).hit(quota)
        reset_id, expires_at = uuid7(), now() + timedelta(seconds=runtime.config.reset_seconds)
        async with runtime.database.transaction() as tx:
            if await repository.add_reset(tx, reset_id, account.id, expires_at):
                await outbox.append(tx, PasswordResetRequested(account_id=account.id, reset_id=reset_id))
    except TooManyRequests as error:
        record(SecurityEvent.PASSWORD_RESET_REQUEST, Outcome.REFUSED, subject=account.id, reason=error.slug)
    except Exception as error:
        if not is_outage(error):
            raise
        log.warning("a reset of a password was not begun: %s", type(error).__name__)
    else:
        record(SecurityEvent.PASSWORD_RESET_REQUEST, Outcome.DONE, subject=account.id)


async def reset(runtime: Runtime, *, token: str, password: str, browser: Browser) -> str:
    """Set a new password by the token of a mail, once; every session ends. Answers a device cookie.

    Raises LinkSpent, WeakPassword (the token stays good), TooManyRequests after many wrong tokens from a place.
    """
    limiter, keys = RateLimiter(runtime.redis), keys_of(runtime)
    quota = await _quota(runtime, "token-place", runtime.config.resets_per_address, browser.remote)
    await limiter.check(quota)
    reset_id = links.id_in(token)
    account = await _reset_account(runtime, reset_id) if reset_id else None
    if not reset_id or account is None or not await links.is_reset(keys, token, reset_id, account):
        await limiter.count(quota)
        raise LinkSpent
    new_hash = await chosen_password(passwords_of(runtime), account, password)
    async with runtime.database.transaction() as tx:
        if not await repository.take_reset(tx, reset_id, now()):
            raise LinkSpent
        if not await repository.change_password(tx, account, new_hash):
            raise LinkSpent
        await repository.confirm(tx, account.id, now())  # who reads the mail has the address
        await outbox.append(tx, PasswordChanged(account_id=account.id, change_id=uuid7()))
        await runtime.sessions.revoke_all(account.id)
    record(SecurityEvent.PASSWORD_RESET, Outcome.DONE, account_id=account.id)
    return await devices.issue(keys, account.id)


async def confirm(runtime: Runtime, *, token: str, browser: Browser) -> None:
    """The address of an account is its owner's. Raises LinkSpent, TooManyRequests after many wrong tokens."""
    limiter = RateLimiter(runtime.redis)
    quota = await _quota(runtime, "token-place", runtime.config.resets_per_address, browser.remote)
    await limiter.check(quota)
    account_id = links.id_in(token)
    async with runtime.database.reading() as connection:
        account = await repository.by_id(connection, account_id) if account_id else None
    if account is None or not await links.is_confirmation(keys_of(runtime), token, account):
        await limiter.count(quota)
        raise LinkSpent
    async with runtime.database.transaction() as tx:
        await repository.confirm(tx, account.id, now())
    record(SecurityEvent.CONFIRMATION, Outcome.DONE, account_id=account.id)


async def tokens(runtime: Runtime, ids: Collection[UUID]) -> dict[UUID, str]:
    """The tokens for mails: of resets by their ids, of confirmations by ids of accounts; what is over is left out."""
    keys = keys_of(runtime)
    async with runtime.database.reading() as connection:
        resets = await repository.resets(connection, ids, now())
        accounts = await repository.people(connection, [*ids, *(each.account_id for each in resets)])
    by_id = {account.id: account for account in accounts}
    found = {
        each.id: await links.reset_token(keys, each.id, by_id[each.account_id])
        for each in resets
        if each.account_id in by_id
    }
    unconfirmed = [by_id[id_] for id_ in ids if id_ in by_id and not by_id[id_].confirmed_at]
    return found | {account.id: await links.confirmation_token(keys, account) for account in unconfirmed}


async def _reset_account(runtime: Runtime, reset_id: UUID) -> Account | None:
    async with runtime.database.reading() as connection:
        found = await repository.resets(connection, [reset_id], now())
        return await repository.by_id(connection, found[0].account_id) if found else None


async def _quota(runtime: Runtime, name: str, count: int, subject: str) -> Quota:
    limit = Limit(name, count, HOUR)
    return limit.of(await keys_of(runtime).subject(name, subject))

"""The two accounts of a fresh stack. Their passwords are made by whoever sets up Vault, and are only there."""

from dataclasses import replace
from uuid import UUID, uuid5

from accounts import handlers, repository
from accounts.domain import ORGANISER, open_account
from accounts.passwords import Passwords, passwords_of
from accounts.settings import SECRETS, Runtime
from chassis.messaging import now

NAMESPACE = UUID("6f1d0e0a-5d0c-5c7e-9a59-6a5b0c1f2e3d")


async def seed(runtime: Runtime) -> None:
    """Make sure that the demo customer and the organiser exist and have the passwords that Vault knows."""
    secrets = await runtime.secrets.read(SECRETS)
    passwords = passwords_of(runtime)
    await _ensure(runtime, passwords, "demo@boxoffice.test", "Demo Customer", secrets["demo_password"])
    await _ensure(
        runtime, passwords, "organiser@boxoffice.test", "Olive Organiser", secrets["organiser_password"], ORGANISER
    )


async def _ensure(runtime: Runtime, passwords: Passwords, email: str, name: str, password: str, *roles: str) -> None:
    async with runtime.database.reading() as connection:
        known = await repository.by_email(connection, email)
    if known is not None and await passwords.verify(known.password_hash, password):
        return
    password_hash = await passwords.hash(password)
    if known is not None:
        async with runtime.database.transaction() as tx:
            await repository.change_password(tx, known, password_hash)
        return
    account = open_account(
        id=uuid5(NAMESPACE, email),
        email=email,
        name=name,
        country="DE",
        password_hash=password_hash,
        now=now(),
        roles=roles,
    )
    await handlers.store(runtime.database, replace(account, confirmed_at=account.created_at))

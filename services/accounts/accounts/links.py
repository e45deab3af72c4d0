"""The secrets in mails: who shows one has read the mail. They are derived, so none is stored, here or elsewhere."""

import base64
import binascii
import hmac
from uuid import UUID

from accounts.domain import Account
from accounts.keys import Keys

ID_BYTES, SIGNATURE_BYTES = 16, 24


async def reset_token(keys: Keys, reset_id: UUID, account: Account) -> str:
    """For one reset; a password that was changed since makes it worthless."""
    return _written(reset_id, await _reset_signature(keys, reset_id, account))


async def confirmation_token(keys: Keys, account: Account) -> str:
    """For the address that the account has."""
    return _written(account.id, await _confirmation_signature(keys, account))


def id_in(token: str) -> UUID | None:
    """The reset or the account that a token is about; None for what is no token."""
    decoded = _read(token)
    return UUID(bytes=decoded[:ID_BYTES]) if decoded else None


async def is_reset(keys: Keys, token: str, reset_id: UUID, account: Account) -> bool:
    return _matches(token, await _reset_signature(keys, reset_id, account))


async def is_confirmation(keys: Keys, token: str, account: Account) -> bool:
    return _matches(token, await _confirmation_signature(keys, account))


async def _reset_signature(keys: Keys, reset_id: UUID, account: Account) -> bytes:
    return await keys.sign("reset", reset_id.bytes, account.id.bytes, str(account.password_version).encode())


async def _confirmation_signature(keys: Keys, account: Account) -> bytes:
    return await keys.sign("confirm", account.id.bytes, account.email.encode())


def _matches(token: str, signature: bytes) -> bool:
    decoded = _read(token) or b""
    return hmac.compare_digest(decoded[ID_BYTES:], signature[:SIGNATURE_BYTES])


def _written(id_: UUID, signature: bytes) -> str:
    return base64.urlsafe_b64encode(id_.bytes + signature[:SIGNATURE_BYTES]).decode().rstrip("=")


def _read(token: str) -> bytes | None:
    try:
        decoded = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return decoded if len(decoded) == ID_BYTES + SIGNATURE_BYTES else None

"""Device cookies: a browser in which an account has signed in before is known, and guesses elsewhere do not slow it.

Source: OWASP, "Slow Down Online Guessing Attacks with Device Cookies".
"""

import base64
import binascii
import hmac
import secrets
import time
from dataclasses import dataclass
from uuid import UUID

from accounts.keys import Keys

COOKIE = "__Host-device"
LIFETIME_SECONDS = 180 * 24 * 3600
RENEWED_AFTER_SECONDS = 30 * 24 * 3600
NONCE_BYTES, TIME_BYTES = 12, 4


@dataclass(frozen=True, slots=True)
class Device:
    """A browser that is known to one account. `nonce` tells the account's devices apart."""

    nonce: str
    age_seconds: float

    @property
    def is_stale(self) -> bool:
        """Whether it is time for a new cookie."""
        return self.age_seconds > RENEWED_AFTER_SECONDS


async def issue(keys: Keys, account_id: UUID) -> str:
    """A cookie for a browser in which `account_id` has just proved who it is. It says nothing about the account."""
    content = secrets.token_bytes(NONCE_BYTES) + int(time.time()).to_bytes(TIME_BYTES)
    return base64.urlsafe_b64encode(content + await _signature(keys, account_id, content)).decode().rstrip("=")


async def recognise(keys: Keys, cookie: str | None, account_id: UUID) -> Device | None:
    """The device when this cookie was issued for this account and is not too old, else None."""
    if not cookie:
        return None
    try:
        decoded = base64.b64decode(cookie + "=" * (-len(cookie) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    content, signature = decoded[: NONCE_BYTES + TIME_BYTES], decoded[NONCE_BYTES + TIME_BYTES :]
    if not hmac.compare_digest(signature, await _signature(keys, account_id, content)):
        return None
    age = time.time() - int.from_bytes(content[NONCE_BYTES:])
    return Device(content[:NONCE_BYTES].hex(), age) if age < LIFETIME_SECONDS else None


async def _signature(keys: Keys, account_id: UUID, content: bytes) -> bytes:
    return await keys.sign("device", account_id.bytes, content)

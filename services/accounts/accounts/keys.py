"""What accounts derives from its one key in Vault: signatures and names that nobody else can make."""

import hashlib
import hmac

from accounts.settings import SECRETS, Runtime
from chassis.secrets import SecretValue


class Keys:
    """HMAC-SHA-256 under `signing_key` (hexadecimal). Each purpose has signatures of its own."""

    def __init__(self, secret: SecretValue) -> None:
        self._secret = secret

    async def sign(self, purpose: str, *parts: bytes) -> bytes:
        """32 bytes. Raises SecretMissing, or Unavailable when Vault is away and the key was never read."""
        key = bytes.fromhex(await self._secret.get())
        message = b"".join(len(part).to_bytes(4) + part for part in (purpose.encode(), *parts))
        return hmac.digest(key, message, hashlib.sha256)

    async def subject(self, purpose: str, *parts: str) -> str:
        """A name for a counter in Redis, from which an e-mail or network address cannot be told."""
        return (await self.sign(purpose, *(part.encode(errors="surrogatepass") for part in parts)))[:16].hex()


def keys_of(runtime: Runtime) -> Keys:
    """One for the whole service."""
    return runtime.part(_from_vault)


def _from_vault(runtime: Runtime) -> Keys:
    return Keys(SecretValue(runtime.secrets, SECRETS, "signing_key"))

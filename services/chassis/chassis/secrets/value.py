"""One value from Vault, at hand without a call for each use."""

import asyncio
import logging
import time

from chassis.errors import Unavailable
from chassis.secrets.secrets import SecretMissing, Secrets

log = logging.getLogger(__name__)

FRESH_SECONDS = 300.0


class SecretValue:
    """The member `name` of the secret at `path`: read when first needed, and again when it is five minutes old.

    So a new value in Vault is taken up without a restart, and while Vault is away the last one stays good.
    """

    def __init__(self, secrets: Secrets, path: str, name: str, *, default: str | None = None) -> None:
        """`default` stands in where Vault has no such value."""
        self._secrets = secrets
        self._path = path
        self._name = name
        self._default = default
        self._value: str | None = None
        self._read_at = 0.0
        self._lock = asyncio.Lock()

    async def get(self) -> str:
        """The value. Raises SecretMissing, or Unavailable when Vault is away and it was never read."""
        async with self._lock:
            if self._value is None or time.monotonic() - self._read_at > FRESH_SECONDS:
                try:
                    self._value = await self._read()
                except Unavailable:
                    if self._value is None:
                        raise
                    log.warning("secret %s/%s: Vault is away, the known value stays", self._path, self._name)
                self._read_at = time.monotonic()
            return self._value

    async def _read(self) -> str:
        try:
            value = (await self._secrets.read(self._path)).get(self._name)
        except SecretMissing:
            if self._default is None:
                raise
            value = None
        if value is None:
            value = self._default
        if not value:
            raise SecretMissing(f"kv/{self._path} has no {self._name}")
        return value

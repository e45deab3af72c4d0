"""Passwords as argon2id hashes, computed off the event loop and only a few at a time."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from accounts.settings import Runtime, Settings
from accounts.strength import normalised
from chassis.http import Admission, Urgency

T = TypeVar("T")

MAX_WAITING = 256
MAX_WAIT_SECONDS = 5.0
NEWCOMERS_WAITING = 16
"""Registrations that wait to be hashed, in one process: each holds one of its places, which sign-ins need too."""
NEWCOMERS_WAIT_SECONDS = 2.0


class Passwords:
    """Hashes and verifies. Callers hold a `slot`; past the waiting line they get a 503 (`chassis.http.Busy`)."""

    def __init__(self, settings: Settings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.password_rounds,
            memory_cost=settings.password_memory_kib,
            parallelism=settings.password_lanes,
        )
        self._slots = Admission(
            max_in_flight=settings.concurrent_hashes, max_queued=MAX_WAITING, max_seconds=MAX_WAIT_SECONDS
        )
        self._newcomers = Admission(
            max_in_flight=max(1, settings.concurrent_hashes // 2),
            max_queued=NEWCOMERS_WAITING,
            max_seconds=NEWCOMERS_WAIT_SECONDS,
        )
        # Threads of its own: malloc keeps what a hash took (19 MiB) for the next one in the same thread, and in threads
        # that do other work too it cannot even be used again. That would grow to a gigabyte under sign-ins.
        self._threads = ThreadPoolExecutor(settings.concurrent_hashes, thread_name_prefix="passwords")
        self._decoy = _decoy(self._hasher)

    @asynccontextmanager
    async def slot(self, urgency: Urgency = Urgency.CHANGE) -> AsyncIterator[None]:
        """One of the places for hashing, which bound the memory and the cores that sign-ins take."""
        await self._slots.enter(urgency)
        try:
            yield
        finally:
            self._slots.leave()

    @asynccontextmanager
    async def slot_for_newcomer(self) -> AsyncIterator[None]:
        """A place for a registration: at most half of them, behind every sign-in that waits, and few wait at all."""
        await self._newcomers.enter()
        try:
            async with self.slot(Urgency.READ):
                yield
        finally:
            self._newcomers.leave()

    async def hash(self, password: str) -> str:
        """A new hash in PHC form, with a salt of its own."""
        return await self._in_thread(self._hasher.hash, _prepared(password))

    async def verify(self, known_hash: str | None, password: str) -> bool:
        """Whether `password` belongs to `known_hash`; None, for an unknown account, takes as long and never does."""
        right = await self._in_thread(self._verify, known_hash or self._decoy, _prepared(password))
        return right and known_hash is not None

    def is_outdated(self, known_hash: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(known_hash)

    async def _in_thread(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    def _verify(self, known_hash: str, password: bytes) -> bool:
        try:
            return self._hasher.verify(known_hash, password)
        except (VerificationError, InvalidHashError):
            return False


def passwords_of(runtime: Runtime) -> Passwords:
    """One for the whole service: its slots bound what all sign-ins together cost."""
    return runtime.part(_from_settings)


def _from_settings(runtime: Runtime) -> Passwords:
    return Passwords(runtime.config)


def _prepared(password: str) -> bytes:
    """The same bytes for a password however a keyboard composes its characters (NFKC, as NIST SP 800-63B advises)."""
    return normalised(password).encode()


def _decoy(hasher: PasswordHasher) -> str:
    """A well-formed hash with today's parameters that no password is known for."""
    salt, digest = (base64.b64encode(bytes(size)).rstrip(b"=").decode() for size in (hasher.salt_len, hasher.hash_len))
    parameters = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${parameters}${salt}${digest}"

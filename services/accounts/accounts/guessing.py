"""What stands between a guesser and a password: wrong ones make the next ones wait, and do not lock the owner out.

A known device has counters of its own. All else waits by what has gone wrong for the account from this place, for the
account from everywhere, and from this place for every account: docs/decisions/0025 has the numbers and what they stop.
"""

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from accounts.keys import Keys, keys_of
from accounts.passwords import Passwords, passwords_of
from accounts.settings import Runtime, Settings
from chassis.auth import Limit, Quota, RateLimiter, TooManyRequests

WAITING_PER_PLACE = 12
WAITING = 24
"""Attempts of one process that wait before they are tried. They hold places of it; it has more than twice as many
(`max_in_flight`).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Somebody says to be the account `email`. `source` is the place, or for a signed-in browser its session."""

    email: str
    known_hash: str | None
    remote: str
    source: str
    device: str | None = None
    """Which device of the account this is; None where it is not a known one."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long the next attempt waits after a number of wrong ones: not at all, then 1, 2, 4, … s, at last for ever."""

    free: int
    most: float
    longest_seconds: float

    def pause_after(self, wrong: int) -> float:
        """Seconds; infinity where it is not tried any more."""
        if wrong >= self.most:
            return math.inf
        if wrong < self.free:
            return 0.0
        return min(self.longest_seconds, 2.0 ** min(32, (wrong - self.free) // self.free))


class Guard:
    """Verifies passwords for all who ask for one. Its counters are in Redis, its waiting line in the process."""

    def __init__(self, limiter: RateLimiter, passwords: Passwords, keys: Keys, settings: Settings) -> None:
        self._limiter, self._passwords, self._keys = limiter, passwords, keys
        self._line = _Line()
        longest, long, short = (
            settings.longest_pause_seconds,
            settings.guess_window_seconds,
            settings.place_window_seconds,
        )
        self._device = Limit("guess-device", settings.failures_per_email, long)
        self._paces = (
            (
                Limit("guess-pair", 0, long),
                Pace(settings.failures_per_email, settings.most_failures_per_email, longest),
            ),
            (
                Limit("guess-account", 0, long),
                Pace(settings.failures_per_account, settings.most_failures_per_account, longest),
            ),
            (Limit("guess-place", 0, short), Pace(settings.failures_per_address, math.inf, longest)),
        )

    async def verify(self, claim: Claim, password: str) -> bool:
        """Whether the password is right. Raises TooManyRequests where it was not tried, or was wrong after a wait.

        An unknown account and a wrong password look alike and take as long.
        """
        async with self._passwords.slot():
            # Inside the slot: a burst of guesses gets no further than one that comes slowly.
            quotas, pause = await self._standing(claim)
            if not pause:
                return await self._try(claim, password, quotas)
        async with self._line.place(claim.remote, pause):
            await asyncio.sleep(pause)
        async with self._passwords.slot():
            quotas, _ = await self._standing(claim)
            right = await self._try(claim, password, quotas)
        if not right:
            raise TooManyRequests(math.ceil(pause))
        return right

    async def _try(self, claim: Claim, password: str, quotas: list[Quota]) -> bool:
        right = await self._passwords.verify(claim.known_hash, password)
        if right:
            await self._limiter.forget(quotas[0])
        else:
            await self._limiter.count(*quotas)
        return right

    async def _standing(self, claim: Claim) -> tuple[list[Quota], float]:
        """The counters of a wrong password, and the seconds before it is tried. Raises TooManyRequests."""
        if claim.device:
            device = self._device.of(await self._keys.subject("device", claim.email, claim.device))
            [(wrong, _)] = await self._limiter.used(device)
            if wrong < self._device.count:
                return [device], 0.0
        quotas = await self._quotas(claim)
        used = await self._limiter.used(*quotas)
        pauses = [pace.pause_after(wrong) for (_, pace), (wrong, _) in zip(self._paces, used, strict=True)]
        if math.inf in pauses:
            raise TooManyRequests(max(left for pause, (_, left) in zip(pauses, used, strict=True) if pause == math.inf))
        return quotas, max(pauses)

    async def _quotas(self, claim: Claim) -> list[Quota]:
        subjects = ((claim.email, claim.source), (claim.email,), (claim.remote,))
        return [
            limit.of(await self._keys.subject(limit.name, *subject))
            for (limit, _), subject in zip(self._paces, subjects, strict=True)
        ]


class _Line:
    """Bounds how many attempts wait in this process, in all and for one place."""

    def __init__(self) -> None:
        self._waiting: Counter[str] = Counter()

    @asynccontextmanager
    async def place(self, remote: str, pause: float) -> AsyncIterator[None]:
        """Raises TooManyRequests where the line is full."""
        if self._waiting[remote] >= WAITING_PER_PLACE or self._waiting.total() >= WAITING:
            raise TooManyRequests(math.ceil(pause))
        self._waiting[remote] += 1
        try:
            yield
        finally:
            self._waiting[remote] -= 1
            if not self._waiting[remote]:
                del self._waiting[remote]


def guard_of(runtime: Runtime) -> Guard:
    """One for the whole service."""
    return runtime.part(_from_runtime)


def _from_runtime(runtime: Runtime) -> Guard:
    return Guard(RateLimiter(runtime.redis), passwords_of(runtime), keys_of(runtime), runtime.config)

"""Liveness and readiness: is the process sound, and should it get requests now?"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import text

from chassis.service.runtime import Runtime

CHECK_SECONDS = 1.5
REUSE_SECONDS = 0.5
DATABASE = "database "
"""How the names of those checks begin."""

Check = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of a check: the time it took, or the name of what went wrong."""

    ms: float
    error: str = ""


class Readiness:
    """Whether a process should get requests: not before it has started, not while it drains, and not when it can do
    nothing because none of its databases answers. What only some requests need is looked at and does not decide: Redis,
    or one database of several. Without Kafka and mail, work waits and nothing fails.
    """

    def __init__(self, runtimes: Sequence[Runtime], draining: asyncio.Event) -> None:
        self._draining = draining
        self._checks: dict[str, Check] = {f"{DATABASE}{each.service}": _database_check(each) for each in runtimes}
        self._checks["redis"] = runtimes[0].redis.ping
        self._asked_at = float("-inf")
        self._outcomes: dict[str, Outcome] = {}
        self._asking = asyncio.Lock()

    async def ask(self) -> tuple[int, bytes]:
        """HTTP status and JSON body."""
        state, outcomes = await self.look()
        if state == "draining":
            return 503, orjson.dumps({"ready": False, "draining": True})
        report = {name: each.error or "ok" for name, each in outcomes.items()}
        ready = state == "ready"
        return (200 if ready else 503), orjson.dumps({"ready": ready, "checks": report})

    async def look(self) -> tuple[str, dict[str, Outcome]]:
        """`ready`, `waiting` or `draining`, and the checks; an outcome is good for half a second, however many ask."""
        if self._draining.is_set():
            return "draining", self._outcomes
        async with self._asking:
            if time.monotonic() - self._asked_at > REUSE_SECONDS:
                found = await asyncio.gather(*(outcome(check) for check in self._checks.values()))
                self._outcomes = dict(zip(self._checks, found, strict=True))
                self._asked_at = time.monotonic()
        databases = [each for name, each in self._outcomes.items() if name.startswith(DATABASE)]
        return ("waiting" if all(each.error for each in databases) else "ready"), self._outcomes


def _database_check(runtime: Runtime) -> Check:
    async def check() -> None:
        async with runtime.database.reading() as connection:
            await connection.execute(text("SELECT 1"))

    return check


async def outcome(check: Check) -> Outcome:
    """Run a check; it never takes longer than `CHECK_SECONDS`."""
    started = time.perf_counter()
    error = ""
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except Exception as failure:
        error = type(failure).__name__
    return Outcome(ms=(time.perf_counter() - started) * 1000, error=error)

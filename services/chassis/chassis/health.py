"""Liveness and readiness: is the process sound, and should it get requests now?"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

import orjson
from sqlalchemy import text

from chassis.runtime import Runtime

CHECK_SECONDS = 1.5
REUSE_SECONDS = 0.5

Check = Callable[[], Awaitable[object]]


class Readiness:
    """The checks of a process. Kafka and mail are not among them: without those, work waits and nothing fails."""

    def __init__(self, runtimes: Sequence[Runtime], draining: asyncio.Event) -> None:
        self._draining = draining
        self._checks: dict[str, Check] = {f"database {each.service}": _database_check(each) for each in runtimes}
        self._checks["redis"] = runtimes[0].redis.ping
        self._answer: tuple[float, int, bytes] = (0.0, 503, b"")
        self._asking = asyncio.Lock()

    async def ask(self) -> tuple[int, bytes]:
        """HTTP status and JSON body; an answer is good for half a second, however many ask."""
        if self._draining.is_set():
            return 503, orjson.dumps({"ready": False, "draining": True})
        async with self._asking:
            asked_at, status, body = self._answer
            if time.monotonic() - asked_at > REUSE_SECONDS:
                status, body = await self._check_all()
                self._answer = (time.monotonic(), status, body)
        return status, body

    async def _check_all(self) -> tuple[int, bytes]:
        results = await asyncio.gather(*(_outcome(check) for check in self._checks.values()))
        report = dict(zip(self._checks, results, strict=True))
        ready = all(result == "ok" for result in results)
        return (200 if ready else 503), orjson.dumps({"ready": ready, "checks": report})


def _database_check(runtime: Runtime) -> Check:
    async def check() -> None:
        async with runtime.database.reading() as connection:
            await connection.execute(text("SELECT 1"))

    return check


async def _outcome(check: Check) -> str:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except Exception as error:
        return type(error).__name__
    return "ok"

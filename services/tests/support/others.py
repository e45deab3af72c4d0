"""Other people at the box office while one client misbehaves: what they are answered, and how soon."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import quantiles

import httpx

from support.customer import Customer
from support.shapes import Performance

QUIET_SECONDS = 1.0


@dataclass(slots=True)
class Others:
    """People who look and buy; `seconds` by phase are the times of their requests, `failed` what went wrong."""

    people: Sequence[Customer]
    performance: Performance
    phase: str = "before"
    seconds: dict[str, list[float]] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def around(self) -> AsyncIterator[None]:
        """They come before the attack, which is the block, and are there until after it."""
        tasks = [asyncio.create_task(self._go_on(number, each)) for number, each in enumerate(self.people)]
        try:
            await asyncio.sleep(QUIET_SECONDS)
            self.phase = "during"
            yield
            self.phase = "after"
            await asyncio.sleep(QUIET_SECONDS)
        finally:
            self.phase = "over"
            await asyncio.gather(*tasks)

    def p95(self) -> dict[str, float]:
        """Seconds, by phase."""
        return {phase: quantiles(times, n=20)[-1] for phase, times in self.seconds.items() if len(times) > 1}

    async def _go_on(self, number: int, person: Customer) -> None:
        seats = f"/api/performances/{self.performance.id}/seats"
        hold = {"performance_id": str(self.performance.id), "seats": [f"A{number + 1}"]}
        while self.phase != "over":
            await self._ask(person, "GET", "/api/shows")
            await self._ask(person, "GET", seats)
            await self._ask(person, "GET", "/api/accounts/me")
            held = await self._ask(person, "POST", "/api/holds", json=hold)
            if held is not None and held.status_code == 201:
                await self._ask(person, "DELETE", held.headers["location"])

    async def _ask(self, person: Customer, method: str, path: str, **body: object) -> httpx.Response | None:
        began, phase = time.monotonic(), self.phase
        try:
            answer = await person.request(method, path, **body)
        except httpx.HTTPError as error:
            self.failed.append(f"{phase}: {method} {path}: {error!r}")
            return None
        self.seconds.setdefault(phase, []).append(time.monotonic() - began)
        if answer.is_error:
            self.failed.append(f"{phase}: {method} {path}: {answer.status_code} {answer.text[:200]}")
        return answer

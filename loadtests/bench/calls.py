"""What a call from one service to another costs, next to a plain client and to the fastest one."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import aiohttp
import httpx

from chassis.client import Calls
from chassis.discovery import StaticResolver

Call = Callable[[], Awaitable[object]]

CONCURRENCY = 16


async def measure(port: int, *, rounds: int = 3, calls: int = 1500) -> dict[str, float]:
    """Calls per second of each client against the same server, the best of `rounds` taken in turn."""
    url = f"http://127.0.0.1:{port}"
    chassis = Calls(StaticResolver({"bare": (url,)}))
    async with httpx.AsyncClient() as plain, aiohttp.ClientSession() as raw:

        async def by_aiohttp() -> object:
            async with raw.get(f"{url}/shows/1") as response:
                return await response.json()

        async def by_httpx() -> object:
            return (await plain.get(f"{url}/shows/1")).json()

        async def by_chassis() -> object:
            return (await chassis.request("bare", "GET", "/shows/1")).json()

        clients: dict[str, Call] = {"chassis": by_chassis, "httpx": by_httpx, "aiohttp": by_aiohttp}
        best = dict.fromkeys(clients, 0.0)
        for _ in range(rounds):
            for name, call in clients.items():
                best[name] = max(best[name], await _per_second(call, calls))
    await chassis.close()
    return best


async def _per_second(call: Call, calls: int) -> float:
    async def caller() -> None:
        for _ in range(calls // CONCURRENCY):
            await call()

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(CONCURRENCY)))
    return calls / (time.perf_counter() - started)

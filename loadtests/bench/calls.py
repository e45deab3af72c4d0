"""What a call from one service to another costs, next to a plain client and to the fastest one."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import aiohttp
import httpx

from chassis.calls import Calls, StaticResolver

Call = Callable[[], Awaitable[object]]

CONCURRENCY = 16


@dataclass(frozen=True, slots=True)
class Rate:
    """Calls a second by the clock, and the caller's processor time for one (microseconds)."""

    per_second: float
    cpu_microseconds: float


async def measure(port: int, *, rounds: int = 5, calls: int = 1500) -> dict[str, Rate]:
    """The rate of each client against the same server: medians of `rounds` in which they take turns."""
    url = f"http://127.0.0.1:{port}"
    chassis = Calls(StaticResolver({"bare": (url,)}))
    async with httpx.AsyncClient(trust_env=False) as plain, aiohttp.ClientSession() as raw:

        async def by_aiohttp() -> object:
            async with raw.get(f"{url}/shows/1") as response:
                return await response.json()

        async def by_httpx() -> object:
            return (await plain.get(f"{url}/shows/1")).json()

        async def by_chassis() -> object:
            return (await chassis.request("bare", "GET", "/shows/1")).json()

        clients: dict[str, Call] = {"chassis": by_chassis, "httpx": by_httpx, "aiohttp": by_aiohttp}
        rates: dict[str, list[Rate]] = {name: [] for name in clients}
        for _ in range(rounds):
            for name, call in clients.items():
                rates[name].append(await _rate(call, calls))
    await chassis.close()
    return {name: _median(values) for name, values in rates.items()}


async def _rate(call: Call, calls: int) -> Rate:
    async def caller() -> None:
        for _ in range(calls // CONCURRENCY):
            await call()

    started, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(caller() for _ in range(CONCURRENCY)))
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    return Rate(calls / seconds, cpu / calls * 1e6)


def _median(rates: Sequence[Rate]) -> Rate:
    return Rate(
        statistics.median(each.per_second for each in rates), statistics.median(each.cpu_microseconds for each in rates)
    )

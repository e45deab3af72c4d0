"""Orders from 202 to their end: how many a second the whole tier takes, confirms, and issues tickets for."""

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import uuid4

import aiohttp

OVER = {"confirmed", "declined", "cancelled", "refunded"}


@dataclass(slots=True)
class Outcome:
    """Orders by last status, what else was answered, and the seconds until all were taken and until all were over."""

    statuses: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    taken_seconds: float = 0.0
    over_seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """Orders confirmed a second, from the first request to the last confirmation."""
        return self.statuses["confirmed"] / self.over_seconds


class Shop:
    """The shop as a signed-in customer sees it at `url`."""

    def __init__(self, http: aiohttp.ClientSession, url: str, cookie: str) -> None:
        self._http = http
        self._url = url
        self._headers = {"cookie": cookie}

    async def get(self, path: str) -> dict[str, object]:
        async with self._http.get(self._url + path, headers=self._headers) as response:
            response.raise_for_status()
            return await response.json()  # type: ignore[no-any-return]

    async def post(self, path: str, body: dict[str, object], **headers: str) -> tuple[int, dict[str, object]]:
        async with self._http.post(self._url + path, json=body, headers=self._headers | headers) as response:
            return response.status, await response.json()

    async def free_seats(self, count: int) -> Iterator[tuple[str, str]]:
        """`count` pairs of performance and seat, from as many performances as it takes, the largest first."""
        found: list[tuple[str, str]] = []
        shows = await self.get("/api/shows?limit=100")
        for listed in shows["items"]:  # type: ignore[attr-defined]
            show = await self.get(f"/api/shows/{listed['id']}")
            for performance in show["performances"]:  # type: ignore[attr-defined]
                seats = await self.get(f"/api/performances/{performance['id']}/seats")
                free = [seat["label"] for seat in seats["seats"] if seat["state"] == "available"]  # type: ignore[attr-defined]
                found += [(performance["id"], label) for label in free if len(free) > count / 10]
                if len(found) >= count:
                    return iter(found[:count])
        raise RuntimeError(f"only {len(found)} of {count} seats are free: make down CLEAN=1 makes a new house")


async def sign_in(http: aiohttp.ClientSession, url: str, email: str, password: str) -> Shop:
    """A new session."""
    async with http.post(f"{url}/api/sessions", json={"email": email, "password": password}) as response:
        response.raise_for_status()
        return Shop(http, url, response.headers["set-cookie"].split(";")[0])


async def measure(url: str, email: str, password: str, *, orders: int = 1500, buyers: int = 24) -> Outcome:
    """Let `buyers` buy one seat after the other until `orders` are placed, and wait until every one is over."""
    outcome = Outcome()
    connector = aiohttp.TCPConnector(limit=buyers, ssl=False)
    async with aiohttp.ClientSession(connector=connector) as http:
        shop = await sign_in(http, url, email, password)
        seats = await shop.free_seats(orders)
        started = time.perf_counter()
        placed: list[str] = []
        await asyncio.gather(*(_buy(shop, seats, placed, outcome) for _ in range(buyers)))
        outcome.taken_seconds = time.perf_counter() - started
        outcome.statuses = await _all_over(shop, set(placed))
        outcome.over_seconds = time.perf_counter() - started
    return outcome


async def _buy(shop: Shop, seats: Iterator[tuple[str, str]], placed: list[str], outcome: Outcome) -> None:
    for performance_id, label in seats:
        status, hold = await shop.post("/api/holds", {"performance_id": performance_id, "seats": [label]})
        if status != 201:
            outcome.errors[f"hold {status}"] += 1
            continue
        body: dict[str, object] = {"hold_id": hold["id"], "payment_token": "tok_visa"}
        status, order = await shop.post("/api/orders", body, **{"idempotency-key": str(uuid4())})
        if status != 202:
            outcome.errors[f"order {status}"] += 1
            continue
        placed.append(str(order["id"]))


async def _all_over(shop: Shop, placed: set[str], *, seconds: float = 120.0) -> Counter[str]:
    """The statuses of `placed` once every one is over, or when `seconds` have passed."""
    deadline = time.perf_counter() + seconds
    over: dict[str, str] = {}
    while len(over) < len(placed) and time.perf_counter() < deadline:
        cursor = ""
        for _ in itertools.count():
            page = await shop.get(f"/api/orders?limit=100{cursor}")
            items = [order for order in page["items"] if order["id"] in placed]  # type: ignore[attr-defined]
            fresh = {order["id"]: order["status"] for order in items if order["status"] in OVER}
            known = fresh.keys() <= over.keys()
            over |= fresh
            if page["next_cursor"] is None or (known and len(fresh) == len(items) and items):
                break
            cursor = f"&cursor={page['next_cursor']}"
        await asyncio.sleep(0.1)
    return Counter(over.values()) + Counter({"not over": len(placed) - len(over)})

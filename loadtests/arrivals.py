"""The process behind `offer.Offer`: orders arrive at a constant rate, whether those before them were answered or not.

A load that waits for answers slows down with the tier, and hides what happens past its capacity. An arrival is a hold
of one seat that nobody else wants, and its order. Nobody comes back after a refusal: what is offered stays the same.
"""

import asyncio
import os
import signal
import ssl
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from itertools import cycle, product
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import orjson

from loadtests.cast import Cast
from loadtests.people import COOKIE
from loadtests.programme import ARENA_LABELS
from loadtests.record import CPU, RUNNING, Journal, Order, Request, one_line, values_of

ANSWER_SECONDS = 20.0
FLUSH_SECONDS = 0.25
HEADERS = {"User-Agent": "boxoffice-load/1", "Accept": "application/json", "Content-Type": "application/json"}


class Arrivals:
    """One run. `cast.rate` is arrivals a second; without it `cast.users` arrive again as soon as they are answered."""

    def __init__(self, cast: Cast, folder: Path) -> None:
        self._cast = cast
        self._folder = folder
        self._people = cycle(cast.people)
        self._seats: Iterator[tuple[str, str]] = iter(product(cast.performances, ARENA_LABELS))
        self._requests = Journal(folder / "requests.csv", Request)
        self._orders = Journal(folder / "orders.csv", Order)
        self._closing = asyncio.Event()
        self._buying: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until SIGUSR1; what has arrived by then is brought to an answer."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, self._closing.set)
        async with self._client() as http, self._flushing():
            (self._folder / RUNNING).touch()
            await (self._at_a_rate(http, self._cast.rate) if self._cast.rate else self._again_and_again(http))
            if self._buying:
                await asyncio.wait(self._buying, timeout=ANSWER_SECONDS)
        (self._folder / CPU).write_text(str(time.process_time()))

    async def _at_a_rate(self, http: aiohttp.ClientSession, rate: float) -> None:
        began = time.monotonic()
        number = 0
        while not self._closing.is_set():
            number += 1
            buying = asyncio.create_task(self._buy(http))
            self._buying.add(buying)
            buying.add_done_callback(self._buying.discard)
            await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))

    async def _again_and_again(self, http: aiohttp.ClientSession) -> None:
        async def one() -> None:
            while not self._closing.is_set():
                await self._buy(http)

        await asyncio.gather(*(one() for _ in range(self._cast.users)))

    async def _buy(self, http: aiohttp.ClientSession) -> None:
        """Hold the next seat and order it."""
        performance, label = next(self._seats)
        session = {"Cookie": f"{COOKIE}={next(self._people).cookie}"}
        wish = {"performance_id": performance, "seats": [label]}
        status, hold, _ = await self._ask(http, "/api/holds", wish, session)
        if status != 201:
            return
        body = {"hold_id": hold["id"], "payment_token": "tok_visa"}
        began = time.time()
        status, order, trace = await self._ask(http, "/api/orders", body, {**session, "Idempotency-Key": uuid4().hex})
        if status == 202:
            self._orders.write(values_of(Order(began, order["id"], "", 0.0, performance, trace)))

    async def _ask(
        self, http: aiohttp.ClientSession, path: str, body: Mapping[str, object], headers: Mapping[str, str]
    ) -> tuple[int, Any, str]:
        """POST: status (0: no answer), body and trace id, written down too."""
        trace, step = os.urandom(16).hex(), os.urandom(8).hex()
        sent = {**headers, "traceparent": f"00-{trace}-{step}-01"}
        at, status, served_by, error, content = time.time(), 0, "", "", None
        try:
            async with http.post(path, data=orjson.dumps(body), headers=sent) as answer:
                text = await answer.read()
                status, served_by = answer.status, answer.headers.get("x-served-by", "")
                if status < 300:
                    content = orjson.loads(text)
                elif status == 503 and "retry-after" not in answer.headers:
                    error = "without Retry-After"
                else:
                    error = one_line(text.decode(errors="replace"), 120)
        except (aiohttp.ClientError, TimeoutError) as failure:
            error = one_line(f"{type(failure).__name__}: {failure}")
        service, _, place = served_by.partition("/")
        ms = round((time.time() - at) * 1000, 2)
        line = Request(round(at, 4), ms, "POST", path, status, place.partition("@")[0], service, error, trace)
        self._requests.write(values_of(line))
        return status, content, trace

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[aiohttp.ClientSession]:
        trust = ssl.create_default_context(cadata=self._cast.ca or None)
        session = aiohttp.ClientSession(
            self._cast.url,
            headers=HEADERS,
            connector=aiohttp.TCPConnector(ssl=trust, limit=0, keepalive_timeout=30),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS),
        )
        session._retry_connection = False  # it would send a request again, and nobody would hear of it
        async with session:
            yield session

    @asynccontextmanager
    async def _flushing(self) -> AsyncIterator[None]:
        async def again_and_again() -> None:
            while True:
                await asyncio.sleep(FLUSH_SECONDS)
                self._flush()

        flushing = asyncio.create_task(again_and_again())
        try:
            yield
        finally:
            flushing.cancel()
            self._flush()

    def _flush(self) -> None:
        self._requests.flush()
        self._orders.flush()


if __name__ == "__main__":
    path = Path(sys.argv[1])
    asyncio.run(Arrivals(Cast.load(path), path.parent).run())

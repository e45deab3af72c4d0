"""What a claim works with: a tier that is up, load, people, and a pen to write down what happens."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import ParamSpec, TypeVar
from uuid import UUID

import httpx

from chassis.testing import eventually
from engines.protocol import Access, Engine, Row, in_silence
from loadtests.cast import THINK
from loadtests.offer import Offer
from loadtests.proofs.record import Facts, Mark, Record
from loadtests.record import Order
from loadtests.runs import Load, Request
from support.books import Books
from support.customer import Customer
from support.organiser import Organiser

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

READY_SECONDS = 60.0
WATCH_EVERY = 0.1
LONGEST_LOAD_SECONDS = 240.0
"""More than any claim takes. So many seats are put on sale as could be sold in that time."""
NO_ANSWER = 0
VISITOR = "Visitor"
"""Buys nothing, so nothing need be put on sale for them."""


class Stage:
    """One for each run of a claim. `folder` takes what the run leaves behind, `say` hears of each mark."""

    def __init__(self, engine: Engine, folder: Path, say: Callable[[str], None] = lambda _: None) -> None:
        self.engine = engine
        self.folder = folder
        self.began = time.time()
        self._say = say
        self._marks: list[Mark] = []
        self._requests: list[Request] = []
        self._orders: list[Order] = []
        self._loads = 0

    # What is written down.

    def mark(self, what: str) -> float:
        """Write down that this is so now; answers the moment."""
        mark = Mark(time.time(), what)
        if not self._marks:
            self.began = mark.at  # what was made ready before tells nothing
        self._marks.append(mark)
        self._say(f"{mark.at - self.began:+7.1f} s  {what}")
        return mark.at

    def record(self, facts: Facts) -> Record[Facts]:
        """All of it, to be judged."""
        return Record(
            began=self.began,
            ended=time.time(),
            marks=self.marks,
            requests=sorted(self._requests, key=lambda each: each.at),
            facts=facts,
        )

    @property
    def marks(self) -> tuple[Mark, ...]:
        return tuple(self._marks)

    @property
    def accepted(self) -> set[UUID]:
        """The orders of all loads so far that got their 202."""
        return {UUID(order.id) for order in self._orders}

    # The tier.

    @cached_property
    def access(self) -> Access:
        return self.engine.access()

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.access.ca)

    @property
    def books(self) -> Books:
        return Books(lambda: self.engine.access().database_url)

    async def do(self, work: Callable[Arguments, Answer], *args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
        """Have the engine do something that takes its time, while all else goes on."""
        return await asyncio.to_thread(work, *args, **kwargs)

    async def rows(self, role: str = "") -> dict[str, Row]:
        """The processes by name, all of them or those of one role."""
        rows = await self.do(self.engine.status)
        return {row.process: row for row in rows if role in ("", row.role)}

    async def until_ready(self) -> None:
        """Wait until every process is ready. Raises TimeoutError."""

        async def others() -> list[Row]:
            return [row for row in (await self.rows()).values() if row.health != "ready"]

        await eventually(others, lambda found: not found, seconds=READY_SECONDS)

    async def scale(self, count: int) -> None:
        """So many instances of the app."""
        await self.do(self.engine.scale, "app", count, in_silence)

    async def seconds(self, length: float) -> None:
        """Let things go on as they are, for the figures to be taken."""
        await asyncio.sleep(length)

    # Those who use it.

    @asynccontextmanager
    async def load(
        self, *, users: int, rate: float | None = None, think: float = THINK, classes: Sequence[str] = ()
    ) -> AsyncIterator[Load]:
        """Locust, for as long as the block lasts; at its end the requests are part of the record."""
        self._loads += 1
        load = await self.do(
            Load.start,
            url=self.access.url,
            ca=Path(self.access.ca) if self.access.ca else None,
            folder=self.folder / f"load-{self._loads}",
            users=users,
            seconds=LONGEST_LOAD_SECONDS,
            rate=rate,
            think=think,
            classes=tuple(classes),
            organiser=None if set(classes) == {VISITOR} else self.access.logins["organiser"],
            people=self.folder.parent / "people",
        )
        async with self._running(load, f"load: {users} users" + (f", {rate:g} requests a second" if rate else "")):
            yield load

    @asynccontextmanager
    async def offer(self, *, seats: float, rate: float | None = None, at_once: int = 1) -> AsyncIterator[Offer]:
        """Orders that do not wait for each other: `rate` a second, or `at_once` at a time. `seats` are put on for them.

        At the end of the block the requests are part of the record.
        """
        self._loads += 1
        offer = await self.do(
            Offer.start,
            url=self.access.url,
            ca=Path(self.access.ca) if self.access.ca else None,
            folder=self.folder / f"offer-{self._loads}",
            organiser=self.access.logins["organiser"],
            people=self.folder.parent / "people",
            seats=seats,
            rate=rate,
            at_once=at_once,
        )
        async with self._running(
            offer, f"offered: {rate:g} orders a second" if rate else f"offered: {at_once} orders at a time"
        ):
            yield offer

    @asynccontextmanager
    async def _running(self, load: Load | Offer, what: str) -> AsyncIterator[None]:
        """See to it that it begins, that it is over at the end of the block, and that its requests are written down."""
        try:
            await self.do(load.until_running)
            self.mark(what)
            yield
            await self.do(load.stop)
        except BaseException:
            load.kill()
            raise
        self._requests += load.requests()
        self._orders += load.orders()

    @asynccontextmanager
    async def watch(self, *paths: str) -> AsyncIterator[None]:
        """Ask for these pages ten times a second, for as long as the block lasts."""
        async with httpx.AsyncClient(trust_env=False, base_url=self.access.url, verify=self.trust, timeout=5) as http:
            self.mark(f"asking for {' and '.join(paths)} ten times a second")
            watching = [asyncio.create_task(self._watch(http, path)) for path in paths]
            try:
                yield
            finally:
                for each in watching:
                    each.cancel()
                await asyncio.gather(*watching, return_exceptions=True)

    async def _watch(self, http: httpx.AsyncClient, path: str) -> None:
        while True:
            self._requests.append(await look(http, path))
            await asyncio.sleep(WATCH_EVERY)

    @asynccontextmanager
    async def people(self, count: int) -> AsyncIterator[list[Customer]]:
        """New customers, signed in."""
        people = [Customer(self.access.url, self.trust) for _ in range(count)]
        try:
            for each in people:
                await each.sign_up()
                await each.sign_in()
            yield people
        finally:
            await asyncio.gather(*(each.http.aclose() for each in people))

    @asynccontextmanager
    async def organiser(self) -> AsyncIterator[Organiser]:
        """Who may put on shows."""
        async with Organiser(self.access.url, self.trust) as organiser:
            await organiser.sign_in(*self.access.logins["organiser"])
            yield organiser


async def look(http: httpx.AsyncClient, path: str, method: str = "GET") -> Request:
    """Send one request, and write it down."""
    at, status, instance, service, error = time.time(), NO_ANSWER, "", "", ""
    try:
        answer = await http.request(method, path)
    except httpx.TransportError as failure:
        error = type(failure).__name__
    else:
        status = answer.status_code
        service, _, place = answer.headers.get("x-served-by", "").partition("/")
        instance = place.partition("@")[0]
    return Request(at, (time.time() - at) * 1000, method, path, status, instance, service, error, "")

"""Several customers who buy at the same time, want the same seats, and write down what they are answered."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from time import monotonic
from types import TracebackType
from typing import Any
from uuid import UUID, uuid4

import httpx

from chassis.testing import eventually
from support.customer import OVER, Customer

THINK_SECONDS = 0.05
"""Between two things that a customer does: these are people, not a load test."""
TOKENS = ("tok_visa", "tok_visa", "tok_visa", "tok_flaky", "tok_declined")
NO_ANSWER = 0


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and how it went; `status` is 0 when the connection broke."""

    method: str
    path: str
    status: int
    seconds: float
    served_by: str
    body: str

    @property
    def failed(self) -> bool:
        return self.status == NO_ANSWER or self.status >= 500


class Crowd:
    """`async with Crowd(people, performance, seats)`: they buy until the block ends. `people` are signed in."""

    def __init__(self, people: Sequence[Customer], performance: UUID, seats: Sequence[str]) -> None:
        self.exchanges: list[Exchange] = []
        self.accepted: dict[UUID, Customer] = {}
        """The orders that got their 202."""
        self._people = people
        self._performance = performance
        self._seats = seats
        self._dice = Random(1)
        self._closing = asyncio.Event()
        self._buying: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Crowd":
        self._buying = [asyncio.create_task(self._buy_again_and_again(person)) for person in self._people]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def stop(self) -> None:
        """They finish what they are at, and buy no more."""
        self._closing.set()
        await asyncio.gather(*self._buying)

    async def until_accepted(self, more: int, *, seconds: float = 30) -> None:
        """Wait for so many more orders to be accepted."""
        goal = len(self.accepted) + more

        async def accepted() -> int:
            return len(self.accepted)

        await eventually(accepted, lambda number: number >= goal, seconds=seconds)

    @property
    def failed(self) -> list[Exchange]:
        return [exchange for exchange in self.exchanges if exchange.failed]

    @property
    def served_by(self) -> set[str]:
        """The instances that have answered."""
        return {exchange.served_by for exchange in self.exchanges} - {""}

    async def _buy_again_and_again(self, who: Customer) -> None:
        while not self._closing.is_set():
            wish = self._dice.sample(self._seats, self._dice.choice((1, 2, 3)))
            body = {"performance_id": str(self._performance), "seats": wish}
            hold = await self._ask(who, "POST", "/api/holds", json=body)
            if hold is not None and hold.status_code == 201:
                await self._order(who, hold.json()["id"])

    async def _order(self, who: Customer, hold: str) -> None:
        """Order, with the same key until there is a clear answer, and look at what has become of it."""
        key, body = uuid4().hex, {"hold_id": hold, "payment_token": self._dice.choice(TOKENS)}
        while True:
            answer = await self._ask(who, "POST", "/api/orders", json=body, headers={"idempotency-key": key})
            if answer is not None and answer.status_code < 500:
                break
            if self._closing.is_set():
                return
        if answer.status_code != 202:
            return
        self.accepted[UUID(answer.json()["id"])] = who
        path = answer.headers["location"]
        if self._dice.random() < 0.1:
            await self._ask(who, "POST", f"{path}/cancellation")
        await self._follow(who, path)

    async def _follow(self, who: Customer, path: str) -> None:
        for _ in range(5):
            answer = await self._ask(who, "GET", path)
            if answer is not None and answer.status_code == 200 and answer.json()["status"] in OVER:
                return

    async def _ask(self, who: Customer, method: str, path: str, **arguments: Any) -> httpx.Response | None:
        """Send and write down; None when there was no answer."""
        await asyncio.sleep(THINK_SECONDS)
        began = monotonic()
        answer: httpx.Response | None = None
        try:
            answer = await who.request(method, path, **arguments)
        except httpx.TransportError as error:
            status, body, served_by = NO_ANSWER, repr(error), ""
        else:
            status, body = answer.status_code, answer.text if answer.is_error else ""
            served_by = answer.headers.get("x-served-by", "").partition("/")[2].partition("@")[0]
        self.exchanges.append(Exchange(method, path, status, monotonic() - began, served_by, body))
        return answer

"""A person at the box office: speaks HTTPS with the edge as a browser does, and reads answers into `shapes`."""

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import Any, TypeVar
from uuid import UUID, uuid4

import httpx
from pydantic import BaseModel

from support.shapes import Account, History, Hold, Notification, Order, Page, Problem, SeatMap, Session, Ticket

OVER = ("confirmed", "declined", "cancelled", "refunded")
COOKIE = "__Host-session"
PASSWORD = "correct-horse-battery"
PROBLEM_JSON = "application/problem+json"

Model = TypeVar("Model", bound=BaseModel)


class Customer:
    """A browser with its cookies. Methods that name an action expect it to work; `request` answers whatever comes."""

    def __init__(
        self,
        url: str,
        trust: ssl.SSLContext,
        *,
        seconds: float = 15.0,
        desk: tuple[str, str] | None = None,
        agent: str = "journeys/1",
        address: str | None = None,
    ) -> None:
        """`trust` knows the edge's CA, `seconds` is how long this person waits for an answer.

        `desk` is the login of an organiser, who opens this person's account when the place has opened its share.
        `agent` is what the browser calls itself, `address` the one that it connects from.
        """
        self._desk = desk
        self.email = f"{uuid4().hex}@example.test"
        origin = {"origin": url, "sec-fetch-site": "same-origin", "user-agent": agent}
        way = httpx.AsyncHTTPTransport(trust_env=False, verify=trust, local_address=address)
        self.http = httpx.AsyncClient(trust_env=False, base_url=url, transport=way, timeout=seconds, headers=origin)

    async def __aenter__(self) -> "Customer":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.aclose()

    # The web as it is.

    async def request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        return await self.http.request(method, path, **arguments)

    async def get(self, path: str, **arguments: Any) -> httpx.Response:
        return await self.http.get(path, **arguments)

    async def read(self, path: str, shape: type[Model], **query: Any) -> Model:
        """GET `path`, which answers 200 and this shape."""
        return shaped(await self.get(path, params=query), shape, 200)

    async def refused(self, method: str, path: str, status: int, slug: str = "", **arguments: Any) -> Problem:
        """Send what the box office refuses with `status` and the problem `slug`."""
        problem = problem_of(await self.request(method, path, **arguments), status)
        assert slug in ("", problem.slug), problem
        return problem

    async def events(self, path: str, *names: str) -> AsyncGenerator[tuple[str, Any], None]:
        """Follow server-sent events: (name, data) of each; only those with one of `names` where given."""
        async with self.http.stream("GET", path) as response:
            assert response.status_code == 200, await response.aread()
            assert response.headers["content-type"].startswith("text/event-stream"), response.headers
            name = ""
            async for line in response.aiter_lines():
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: ") and (not names or name in names):
                    yield name, json.loads(line.removeprefix("data: "))

    # Who I am.

    async def sign_up(self, *, name: str = "Ada Archer", country: str = "IE") -> Account:
        """Open an account under an address that nobody else has."""
        body = {"email": self.email, "password": PASSWORD, "name": name, "country": country}
        return shaped(await self.register(body), Account, 201)

    async def register(self, body: object) -> httpx.Response:
        """The answer to a registration; the organiser sends it again where the quota of this place is used up."""
        answer = await self.http.post("/api/accounts", json=body)
        if answer.status_code == 429 and self._desk:
            headers = {"cookie": f"{COOKIE}={await self._organisers_token(*self._desk)}"}
            answer = await self.http.post("/api/accounts", json=body, headers=headers)
        return answer

    async def erase(self, password: str = PASSWORD) -> httpx.Response:
        return await self.request("DELETE", "/api/accounts/me", json={"password": password})

    async def sign_in(self, email: str = "", password: str = PASSWORD) -> Session:
        body = {"email": email or self.email, "password": password}
        return shaped(await self.http.post("/api/sessions", json=body), Session, 201)

    async def _organisers_token(self, email: str, password: str) -> str:
        """A session of the organiser's that this browser does not keep."""
        mine = httpx.Cookies(self.http.cookies)
        self.http.cookies.clear()
        await self.sign_in(email, password)
        token, self.http.cookies = self.token, mine
        assert token
        return token

    @property
    def token(self) -> str | None:
        """What the session cookie holds."""
        return self.http.cookies.get(COOKIE)

    async def account(self) -> Account:
        return await self.read("/api/accounts/me", Account)

    # What I buy.

    async def seat_map(self, performance: UUID) -> SeatMap:
        return await self.read(f"/api/performances/{performance}/seats", SeatMap)

    async def hold(self, performance: UUID, seats: Sequence[str] | int = 1) -> Hold:
        """Hold these seats, or so many that are free."""
        if isinstance(seats, int):
            seats = (await self.seat_map(performance)).labels()[:seats]
        body = {"performance_id": str(performance), "seats": list(seats)}
        return shaped(await self.http.post("/api/holds", json=body), Hold, 201)

    async def send_order(self, hold: UUID, token: str = "tok_visa", *, key: str = "") -> httpx.Response:
        body = {"hold_id": str(hold), "payment_token": token}
        return await self.http.post("/api/orders", json=body, headers={"idempotency-key": key or uuid4().hex})

    async def order(self, hold: Hold, token: str = "tok_visa", *, key: str = "") -> Order:
        return shaped(await self.send_order(hold.id, token, key=key), Order, 202)

    async def buy(self, performance: UUID, seats: Sequence[str] | int = 1, token: str = "tok_visa") -> Order:
        """Hold, order, and wait for the end."""
        order = await self.order(await self.hold(performance, seats), token)
        return (await self.follow(order))[-1]

    async def follow(self, order: Order, *, until: Sequence[str] = OVER, seconds: float = 30.0) -> list[Order]:
        """The order as its live stream tells it, until it is over (or in one of the states `until`)."""
        told: list[Order] = []
        async with asyncio.timeout(seconds), aclosing(self.events(f"{order.path}/stream", "order")) as events:
            async for _, data in events:
                told.append(Order.model_validate(data))
                if told[-1].status in until:
                    break
        assert told, "the stream told nothing"
        return told

    async def look_at(self, order: Order) -> Order:
        return await self.read(order.path, Order)

    async def cancel(self, order: Order) -> Order:
        return shaped(await self.http.post(f"{order.path}/cancellation"), Order, 202)

    async def history(self, order: Order) -> History:
        return await self.read(f"{order.path}/history", History)

    async def tickets(self) -> list[Ticket]:
        return (await self.read("/api/tickets", Page[Ticket], limit=100)).items

    async def inbox(self) -> list[Notification]:
        return (await self.read("/api/notifications", Page[Notification], limit=100)).items


NewCustomer = Callable[[], Awaitable[Customer]]
"""Makes somebody new, with an account and signed in."""


def shaped(response: httpx.Response, shape: type[Model], status: int) -> Model:
    """The body of an answer with this status."""
    assert response.status_code == status, f"{response.request.method} {response.request.url}: {_shown(response)}"
    return shape.model_validate_json(response.content)


def problem_of(response: httpx.Response, status: int | None = None) -> Problem:
    """The problem document of an answer with this status."""
    assert response.headers.get("content-type") == PROBLEM_JSON, _shown(response)
    problem = Problem.model_validate_json(response.content)
    assert problem.status == response.status_code == (status or response.status_code), _shown(response)
    return problem


def _shown(response: httpx.Response) -> str:
    return f"{response.status_code} {response.headers.get('content-type')} {response.text[:500]}"

"""Calls from one service to another: in process when both live in this one, else over HTTP to a resolved instance."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import aiohttp
import httpx
import orjson
from httpx_aiohttp import AiohttpTransport

from chassis.calls.balancer import eject, pick
from chassis.calls.deadlines import HEADER as TIMEOUT
from chassis.calls.deadlines import remaining, within
from chassis.calls.discovery import Instance, Resolver
from chassis.calls.retries import RetryBudget
from chassis.errors import Unavailable
from chassis.observability.metrics import CALLS
from chassis.observability.trace_context import current_traceparent
from chassis.observability.tracing import span

Message = MutableMapping[str, Any]
ASGIApp = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]

CALL_SECONDS = 2.0
CONNECT_SECONDS = 0.5
"""An instance whose machine is gone answers nothing at all: that must leave time to ask another."""
RETRY_AFTER_SECONDS = (0.01, 0.05)
MAX_CONNECTIONS = 200
KEEPALIVE_SECONDS = 30.0
"""Less than the server's, so that it is not the one to close a connection just as a call is sent."""
SAFE_METHODS = frozenset({"GET", "HEAD"})
NOT_REACHED = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""No connection was made, so nothing was sent."""
_CONNECT_IN_TIME = {"timeout": {"connect": CONNECT_SECONDS}}
_histogram = cache(CALLS.labels)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the other service answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return orjson.loads(self.body)


class Calls:
    """The client for every other service. An answer is an answer whatever its status; none is Unavailable."""

    def __init__(self, resolver: Resolver, *, local: Mapping[str, ASGIApp] | None = None) -> None:
        """`local` are the services of this process, which need no resolving."""
        self._local = {} if local is None else local
        self._resolver = resolver
        self._transport: AiohttpTransport | None = None
        self._budgets: defaultdict[str, RetryBudget] = defaultdict(RetryBudget)
        """One for each service: a service that fails must not use up the retries of the others."""

    async def request(
        self, service: str, method: str, path: str, *, json: Any = None, timeout: float = CALL_SECONDS
    ) -> Reply:
        """Call `path` of `service` and wait at most `timeout` seconds, or as long as our own caller waits.

        A call that got no answer is sent once more, to another instance where there is one, if that does no harm (its
        method is safe, or no instance was reached) and in the time that is left.
        """
        body = b"" if json is None else orjson.dumps(json)
        started = time.perf_counter()
        status = 0
        try:
            with span(f"{method} {service}", "CLIENT", **{"url.path": path}), within(timeout):
                async with asyncio.timeout(remaining()):
                    if app := self._local.get(service):
                        with span(f"{method} {service}", "SERVER", service=service, **{"url.path": path}):
                            reply = await _call_in_process(app, method, path, body)
                    else:
                        reply = await self._call_over_http(service, method, path, body)
            status = reply.status
            return reply
        except (TimeoutError, httpx.TransportError) as error:
            raise Unavailable(f"{service} does not answer") from error
        finally:
            _histogram(service, status).observe(time.perf_counter() - started)

    async def close(self) -> None:
        if self._transport:
            await self._transport.aclose()

    async def _call_over_http(self, service: str, method: str, path: str, body: bytes) -> Reply:
        budget = self._budgets[service]
        budget.earn()
        instance = pick(await self._resolver.resolve(service))
        try:
            return await self._send(instance, method, path, body)
        except httpx.TransportError as error:
            # To httpx a connection that breaks before the answer is a ConnectError too; its cause tells them apart.
            reached = not isinstance(error.__cause__, NOT_REACHED)
            if not reached:
                eject(instance)
            pause = random.uniform(*RETRY_AFTER_SECONDS)  # noqa: S311 - spreads the load
            if (reached and method not in SAFE_METHODS) or pause >= remaining() or not budget.spend():
                raise
        await asyncio.sleep(pause)
        another = pick(await self._resolver.resolve(service), other_than=instance)
        return await self._send(another, method, path, body)

    async def _send(self, instance: Instance, method: str, path: str, body: bytes) -> Reply:
        """One attempt. It drives the transport itself: httpx.AsyncClient around it costs as much again."""
        if self._transport is None:
            self._transport = AiohttpTransport(client=_session)
        headers = {**_headers(), TIMEOUT: str(int(remaining() * 1000))}
        request = httpx.Request(
            method, instance.url + path, headers=headers, content=body or None, extensions=_CONNECT_IN_TIME
        )
        instance.outstanding += 1
        try:
            response = await self._transport.handle_async_request(request)
            try:
                content = b"".join([chunk async for chunk in response.stream])  # type: ignore[union-attr]
            finally:
                await response.aclose()
        finally:
            instance.outstanding -= 1
        return Reply(response.status_code, response.headers, content)


def _session() -> aiohttp.ClientSession:
    """The connections. Cookies are not kept: those of one customer must never travel with the call of another."""
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=MAX_CONNECTIONS, keepalive_timeout=KEEPALIVE_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("accept", "accept-encoding", "user-agent"),
    )
    session._retry_connection = False  # aiohttp's own retries know no budget, and go to the same instance
    return session


def _headers() -> dict[str, str]:
    headers = {"content-type": "application/json", "accept-encoding": "identity"}
    if traceparent := current_traceparent():
        headers["traceparent"] = traceparent
    return headers


async def _call_in_process(app: ASGIApp, method: str, path: str, body: bytes) -> Reply:
    """Call an ASGI application as a server would, without a socket."""
    path, _, query = path.partition("?")
    scope: Message = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in _headers().items()],
        "client": ("127.0.0.1", 0),
        "server": ("in-process", 0),
        "state": {},
    }
    start: Message = {}
    chunks: list[bytes] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
        elif message["type"] == "http.response.body":
            chunks.append(message.get("body", b""))

    try:
        await app(scope, receive, send)
    except Exception:  # answered and logged by the service's error handler, re-raised by the framework
        if not start:
            raise
    headers = {name.decode(): value.decode() for name, value in start["headers"]}
    return Reply(start["status"], headers, b"".join(chunks))

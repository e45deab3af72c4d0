"""The way into a process: every request passes here before it reaches a service, and every answer on its way out."""

import asyncio
import logging
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial

from fastapi import Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import ASGIApp

from chassis.calls.deadlines import HEADER as TIMEOUT
from chassis.calls.deadlines import set_deadline
from chassis.errors import Problem
from chassis.http.admission import Admission, Busy, Parties, Urgency
from chassis.http.bodies import BadLength, Body, ClientLeft, Message, RepeatedHeader, Send, TooLarge
from chassis.http.clients import Clients, session_of
from chassis.http.origin import SAFE_METHODS, CrossOrigin, is_same_origin, last_hop
from chassis.http.problems import record_refusal
from chassis.http.readiness import Readiness
from chassis.observability.metrics import IN_FLIGHT, REJECTED, REQUESTS, Answers
from chassis.observability.security import is_signed_in, loggable, set_scene
from chassis.observability.trace_context import as_traceparent, new_traceparent, set_traceparent
from chassis.observability.tracing import span
from chassis.service.service import Service
from chassis.settings import Settings

log = logging.getLogger(__name__)

_TIMEOUT = TIMEOUT.encode()
ITSELF = "process"
"""Stands for a service in `X-Served-By` where the process answers for none."""
NOT_STORED = (b"cache-control", b"no-store")
"""Most answers are somebody's own: only those that say otherwise may be kept by a cache."""

INSIDE = "/internal/"
"""Paths for other processes only: no edge lets a request through to them."""
PUBLIC_HEADERS = frozenset(
    b"accept accept-encoding accept-language cache-control content-length content-type cookie host idempotency-key"
    b" if-match if-modified-since if-none-match if-unmodified-since last-event-id origin range referer sec-fetch-dest"
    b" sec-fetch-mode sec-fetch-site transfer-encoding user-agent x-forwarded-for x-forwarded-proto".split()
)
"""What a request from outside may say. A service sees no other header of it, whatever the inside uses later."""

LISTS = frozenset(
    b"accept accept-encoding accept-language cache-control if-match if-none-match transfer-encoding"
    b" x-forwarded-for".split()
)
"""Of the headers that a service reads, those that may come in several lines, which together are one list (RFC 9110)."""
SINGLE = (PUBLIC_HEADERS | {_TIMEOUT}) - LISTS


class Dispatcher:
    """Dispatches requests to the services by path. Plain ASGI, because it stands in the way of every request."""

    def __init__(
        self,
        services: Sequence[Service],
        settings: Settings,
        draining: asyncio.Event,
        *,
        readiness: Readiness,
        answers: Mapping[str, Answers],
        applications: Mapping[str, ASGIApp],
        documents: ASGIApp,
    ) -> None:
        """`answers` counts those of each service, by name; `applications` are theirs; `documents` answers all else."""
        self._settings = settings
        self._draining = draining
        self._readiness = readiness
        self._answers = answers
        self._admission = Admission(
            max_in_flight=settings.max_in_flight,
            max_queued=settings.max_queued,
            max_seconds=settings.max_queue_seconds,
        )
        self._clients = Clients()
        self._several = len(services) > 1
        self._route, self._services = _router(services)
        self._applications = applications
        self._documents = documents
        names = (ITSELF, *(each.name for each in services))
        self._served_by = {name: f"{name}/{settings.instance}@{settings.region}".encode() for name in names}
        self._version = settings.version.encode()
        self._in_flight = {each.name: IN_FLIGHT.labels(each.name) for each in services}
        self._rejected = {
            each.name: REJECTED.labels(each.name) for each in services
        }  # from 0 on: a rate needs two values
        self._requests = cache(REQUESTS.labels)

    @property
    def queued(self) -> int:
        """Requests that wait to be let in."""
        return self._admission.queued

    async def __call__(self, scope: Message, body: Body) -> None:
        path = scope["path"]
        if path in ("/livez", "/readyz", "/metrics"):
            await (await self._about_itself(path))(scope, body.receive, body.send)
            return
        found = self._route(path)
        if not found or not found.lastindex:
            exchange = _Exchange(body.send, self._served_by[ITSELF], self._version, closing=self._closing())
            await self._documents(scope, body.receive, exchange.send)
            return
        await self._serve(self._services[found.lastindex - 1], scope, body)

    def _closing(self) -> bool:
        """Whether an answer is the last on its connection: at the end of the process, and by chance now and then."""
        answers = self._settings.answers_per_connection
        return self._draining.is_set() or (answers > 0 and random.randrange(answers) == 0)  # noqa: S311

    async def _about_itself(self, path: str) -> Response:
        if path == "/metrics":
            return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
        if path == "/livez":
            return Response(b'{"live":true}', media_type="application/json")
        status, body = await self._readiness.ask()
        return Response(body, status, media_type="application/json")

    async def _serve(self, service: Service, scope: Message, body: Body) -> None:
        started = time.perf_counter()
        exchange = _Exchange(body.send, self._served_by[service.name], self._version, closing=self._closing())
        headers = _headers(scope)
        set_traceparent(as_traceparent(headers.get(b"traceparent", b"").decode("latin-1")) or new_traceparent())
        set_deadline(headers.get(_TIMEOUT) if scope["path"].startswith(INSIDE) else None)
        remote, session = last_hop(headers, scope.get("client")), session_of(headers)
        set_scene(service.name, self._settings.instance, remote)
        parties = self._parties(service, scope["path"], session, remote)
        admitted = False
        try:
            self._check(scope, headers, body)
            receive = await body.read(most=self._settings.max_body_bytes, seconds=self._settings.max_body_seconds)
            started = time.perf_counter()  # the time before was the client's
            await self._admission.enter(_urgency(scope["method"], scope["path"]), parties)
            admitted = True
            exchange.on_stream = partial(self._admission.leave, parties)
            self._in_flight[service.name].inc()
            name, path = f"{scope['method']} {service.name}", loggable(scope["path"])
            with span(name, "SERVER", service=service.name, **{"url.path": path}):
                await self._applications[service.name](scope, receive, exchange.send)
        except ClientLeft:
            log.debug("the client left before its request was complete")
        except Problem as problem:
            if isinstance(problem, Busy):
                self._rejected[service.name].inc()
            record_refusal(problem)
            await problem.render()(scope, body.receive, exchange.send)
        except Exception as error:  # answered and logged by the service's error handler, re-raised by the framework
            if not exchange.status:
                raise
            log.debug("passed on: %s", error)
        finally:
            if admitted:
                self._in_flight[service.name].dec()
                if not exchange.streams:
                    self._admission.leave(parties)
                if is_signed_in():
                    self._clients.remember(session)
            if not exchange.streams:
                seconds = time.perf_counter() - started
                self._requests(service.name, scope["method"], exchange.status).observe(seconds)
                self._answers[service.name].add(exchange.status, seconds)
                if seconds > self._settings.slow_request_seconds:
                    details = {"service": service.name, "method": scope["method"], "path": loggable(scope["path"])}
                    log.warning("slow request", extra={**details, "status": exchange.status, "seconds": seconds})

    def _parties(self, service: Service, path: str, session: str, remote: str) -> Parties:
        """Whom the places of a request are counted for: no service and no client takes those of the others."""
        its = (f"service {service.name}",) if self._several else ()
        return its if path.startswith(INSIDE) else (*its, self._clients.name(session, remote))

    def _check(self, scope: Message, headers: dict[bytes, bytes], body: Body) -> None:
        """Refuse what no service wants to see."""
        if name := _repeated(scope["headers"]):
            raise RepeatedHeader(f"{name} may be there once.")
        if b"content-length" in headers and body.length is None:
            raise BadLength("Content-Length is a number of bytes.")
        if not is_same_origin(scope["method"], scope["headers"], self._settings.public_origins):
            raise CrossOrigin("State may only be changed from this site's own pages.")
        if (body.length or 0) > self._settings.max_body_bytes:
            raise TooLarge(f"A body may have {self._settings.max_body_bytes} bytes.")


def _headers(scope: Message) -> dict[bytes, bytes]:
    """The headers of a request by name. From one that came from outside, the rest is taken away."""
    headers = dict(scope["headers"])
    if not scope["path"].startswith(INSIDE):
        scope["headers"] = [each for each in scope["headers"] if each[0] in PUBLIC_HEADERS]
    return headers


def _repeated(headers: Sequence[tuple[bytes, bytes]]) -> str:
    """The name of a header that is there more than once and has one value; empty where there is none."""
    if len(dict(headers)) == len(headers):
        return ""
    counts = Counter(name for name, _ in headers if name in SINGLE)
    return next((name.decode() for name, count in counts.items() if count > 1), "")


def _urgency(method: str, path: str) -> Urgency:
    if path.startswith(INSIDE):
        return Urgency.CALL
    return Urgency.READ if method in SAFE_METHODS else Urgency.CHANGE


class _Exchange:
    """One answer on its way out: adds the headers that every answer has, and notices whether it is a stream."""

    __slots__ = ("_closing", "_send", "_served_by", "_version", "on_stream", "status", "streams")

    def __init__(self, send: Send, served_by: bytes, version: bytes, *, closing: bool) -> None:
        self._send = send
        self._served_by = served_by
        self._version = version
        self._closing = closing
        self.on_stream: Callable[[], None] = lambda: None
        self.status = 0
        self.streams = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = message["headers"] = list(message.get("headers", ()))
            given = dict(headers)
            if b"cache-control" not in given:
                headers.append(NOT_STORED)
            headers.append((b"x-served-by", self._served_by))
            headers.append((b"x-version", self._version))
            if self._closing:
                headers.append((b"connection", b"close"))
            if given.get(b"content-type", b"").startswith(b"text/event-stream"):
                self.streams = True  # a stream lasts for minutes and does next to nothing: it gives its place back
                self.on_stream()
        await self._send(message)


def _router(services: Sequence[Service]) -> tuple[Callable[[str], re.Match[str] | None], list[Service]]:
    """One regular expression for all paths; of two patterns that match the one with more segments wins."""
    pairs = sorted(
        ((path, service) for service in services for path in service.paths),
        key=lambda pair: (pair[0].count("/"), len(pair[0])),
        reverse=True,
    )
    alternatives = (f"({re.sub('{[^}]*}', '[^/]+', path)}(?:/.*)?$)" for path, _ in pairs)
    return re.compile("|".join(alternatives) or "(?!)", re.DOTALL).match, [service for _, service in pairs]

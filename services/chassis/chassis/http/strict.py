"""The border of a service: what its routes do not declare is refused before they run.

FastAPI is generous: it ignores query parameters that it does not know, takes the last of two, answers 405 with the
methods of one route alone, knows no HEAD, and reads JSON in many ways. Everything here is derived from the routes.
"""

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.message import Message as Headers
from functools import cached_property
from urllib.parse import parse_qsl

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.responses import Response
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from starlette.datastructures import Headers as RequestHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.errors import Invalid, MethodNotAllowed, Problem, UnsupportedMediaType
from chassis.http.origin import SAFE_METHODS
from chassis.http.strict_json import loads

CHARSETS = frozenset({"", "utf-8", "utf8"})


@dataclass(frozen=True, slots=True)
class Operation:
    """What one method of one path declares."""

    method: str
    path: re.Pattern[str]
    parameters: frozenset[str]
    """Names of its query parameters, each of which may be given once."""
    takes_body: bool


def routes_of(app: FastAPI) -> Iterator[RouteContext]:
    """Every route, in the order in which they are tried."""
    return (route for route in iter_route_contexts(app.routes) if isinstance(route.original_route, APIRoute))


def dependants_of(route: RouteContext) -> Iterator[Dependant]:
    """What a route declares, by itself and by what it depends on: parameters, and functions that are called."""
    waiting: list[Dependant] = [route.dependant]
    while waiting:
        waiting.extend((each := waiting.pop()).dependencies)
        yield each


def operations_of(app: FastAPI) -> Iterator[Operation]:
    for route in routes_of(app):
        parameters = frozenset(field.alias for each in dependants_of(route) for field in each.query_params)
        for method in route.methods or ():
            yield Operation(
                method=method,
                path=route.path_regex,
                parameters=parameters,
                takes_body=route.body_field is not None,
            )


class Strict:
    """ASGI middleware around the routes of `service`."""

    def __init__(self, app: ASGIApp, *, service: FastAPI) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or (scope["method"] == "GET" and not scope["query_string"]):
            await self._app(scope, receive, send)  # most requests read a page: there is nothing to check
            return
        try:
            await self._checked(scope, receive, send)
        except Problem as problem:
            await problem.render()(scope, receive, send)

    @cached_property
    def _operations(self) -> Sequence[Operation]:
        return tuple(operations_of(self._service))

    async def _checked(self, scope: Scope, receive: Receive, send: Send) -> None:
        here = [each for each in self._operations if each.path.match(scope["path"])]
        if not here:
            await self._app(scope, receive, send)  # which answers 404
            return
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        if method == "OPTIONS":
            await Response(status_code=204, headers={"allow": ", ".join(_methods(here))})(scope, receive, send)
            return
        operation = next((each for each in here if each.method == method), None)
        if operation is None:
            raise MethodNotAllowed(_methods(here))
        _check_query(scope["query_string"], operation.parameters)
        if scope["method"] == "HEAD":
            await _HeadersOnly(send).answer(self._app, {**scope, "method": "GET"})
            return
        if method not in SAFE_METHODS:
            receive = await _check_body(RequestHeaders(scope=scope), receive, parse=operation.takes_body)
        await self._app(scope, receive, send)


def _methods(operations: Sequence[Operation]) -> list[str]:
    """All methods of a path. It is what `Allow` names, whichever route refuses."""
    methods = {each.method for each in operations} | {"OPTIONS"}
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)


def _check_query(query: bytes, known: frozenset[str]) -> None:
    if not query:
        return
    names = [name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True)]
    wrong = {name: "unknown parameter" for name in names if name not in known}
    wrong |= {name: "given more than once" for name in known if names.count(name) > 1}
    if wrong:
        errors = [{"at": f"query.{name}", "message": message} for name, message in wrong.items()]
        raise Invalid("The request has invalid members.", errors=errors)


async def _check_body(headers: RequestHeaders, receive: Receive, *, parse: bool) -> Receive:
    """Read the body, which is bounded already, and hand it on. Raises UnsupportedMediaType, MalformedJson, Invalid."""
    body = b""
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return _given(message, receive)
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    if body:
        check_media_type(headers.get("content-type", ""))
        if parse:
            loads(body)
    return _given({"type": "http.request", "body": body, "more_body": False}, receive)


def check_media_type(value: str) -> None:
    """Raises UnsupportedMediaType unless it is JSON (in any case of its letters) in UTF-8."""
    header = Headers()
    header["content-type"] = value
    charset = header.get_param("charset", "")
    if header.get_content_type() != "application/json" or not _is_utf8(charset):
        raise UnsupportedMediaType("Send application/json in UTF-8.")


def _is_utf8(charset: object) -> bool:
    return isinstance(charset, str) and charset.strip().lower() in CHARSETS


def _given(message: Message, receive: Receive) -> Receive:
    """An ASGI `receive` that answers `message` first."""
    messages = [message]

    async def given() -> Message:
        return messages.pop() if messages else await receive()

    return given


class _HeadersOnly:
    """The answer to HEAD: that to GET without its body. A stream ends with its headers."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._started = asyncio.Event()
        self._asked = False

    async def answer(self, app: ASGIApp, scope: Scope) -> None:
        await app(scope, self._receive, self._headers)
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._started.wait()
        return {"type": "http.disconnect"}

    async def _headers(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._send(message)
            self._started.set()

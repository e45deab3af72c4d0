"""The document of the API and the page to read it: the same in every process, also of services that others run."""

import gzip
import mimetypes
from collections.abc import Sequence
from functools import cached_property
from importlib.resources import files

import orjson
from fastapi import Request, Response
from starlette.types import Receive, Scope, Send

from chassis.errors import MethodNotAllowed, NotFound, Problem
from chassis.http.cache import Rendered
from chassis.http.openapi import document
from chassis.service.service import Service, load_services

DOCUMENT = "/api/openapi.json"
PAGE = "/api/docs"
METHODS = ("GET", "HEAD", "OPTIONS")
CHECK_FIRST = "no-cache"
PACKED = ".gz"
FILES = files("chassis.http") / "apidocs"
"""Swagger UI as its makers publish it: no file of it comes from elsewhere, and no script stands in the page."""


class Documents:
    """Answers the document, the page and its files; any other path is 404. Each is made when it is first asked for."""

    def __init__(self, services: Sequence[Service]) -> None:
        self._services = services
        self._files: dict[str, Rendered] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            response = self._answer(Request(scope))
        except Problem as problem:
            response = problem.render()
        await response(scope, receive, send)

    def _answer(self, request: Request) -> Response:
        path = request.url.path
        if path == DOCUMENT:
            rendered, kind = self._document, "application/json"
        elif path == PAGE:
            rendered, kind = self._file("index.html"), "text/html"
        elif path.startswith(PAGE + "/"):
            name = path.removeprefix(PAGE + "/")
            rendered, kind = self._file(name), mimetypes.guess_type(name)[0] or "text/plain"
        else:
            raise NotFound
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"allow": ", ".join(METHODS)})
        if request.method not in METHODS:
            raise MethodNotAllowed(METHODS)
        return rendered.response(request, CHECK_FIRST, media_type=kind)

    def _file(self, name: str) -> Rendered:
        if name not in self._files:
            if name not in _served():
                raise NotFound
            self._files[name] = Rendered.of(_read(name))
        return self._files[name]

    @cached_property
    def _document(self) -> Rendered:
        installed = {service.name: service for service in load_services(["all"])}
        hosted = {service.name: service for service in self._services}
        everyone = installed | hosted
        return Rendered.of(orjson.dumps(document([everyone[name] for name in sorted(everyone)])))


def _served() -> set[str]:
    """The names of the files below the page; a path of a request is looked up among them, and never on the disk."""
    icons = {f"icons/{each.name}" for each in (FILES / "icons").iterdir()}
    return icons | {each.name.removesuffix(PACKED) for each in FILES.iterdir() if each.is_file()}


def _read(name: str) -> bytes:
    packed = FILES / f"{name}{PACKED}"
    return gzip.decompress(packed.read_bytes()) if packed.is_file() else FILES.joinpath(*name.split("/")).read_bytes()

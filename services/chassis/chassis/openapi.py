"""One OpenAPI document for all services, and a page to read it."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import orjson
from fastapi import Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from starlette.types import Receive, Scope, Send

from chassis.service import Service, load_services

DOCUMENT = "/api/openapi.json"
PAGE = "/api/docs"


def document(services: Sequence[Service]) -> dict[str, Any]:
    """The public interface of `services`; what is internal is left out."""
    routes = [route for service in services for route in service.app.routes]
    described = get_openapi(title="Box Office", version="1", routes=routes)
    described["paths"] = {path: item for path, item in described["paths"].items() if path.startswith("/api/")}
    return described


class Documents:
    """Answers the document and the page: the same in every process, also of services that other processes run.

    Both are made when they are first asked for.
    """

    def __init__(self, services: Sequence[Service]) -> None:
        self._services = services

    def serves(self, path: str) -> bool:
        return path in (DOCUMENT, PAGE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == PAGE:
            response: Response = get_swagger_ui_html(openapi_url=DOCUMENT, title="Box Office API")
        else:
            response = Response(self._json, media_type="application/json")
        await response(scope, receive, send)

    @cached_property
    def _json(self) -> bytes:
        installed = {service.name: service for service in load_services(["all"])}
        hosted = {service.name: service for service in self._services}
        everyone = installed | hosted
        return orjson.dumps(document([everyone[name] for name in sorted(everyone)]))

"""One OpenAPI document for all services."""

from collections.abc import Sequence
from typing import Any

from fastapi.openapi.utils import get_openapi

from chassis.service import Service


def document(services: Sequence[Service]) -> dict[str, Any]:
    """The public interface of `services`; what is internal is left out."""
    routes = [route for service in services for route in service.app.routes]
    described = get_openapi(title="Box Office", version="1", routes=routes)
    described["paths"] = {path: item for path, item in described["paths"].items() if path.startswith("/api/")}
    return described

"""One OpenAPI document for all services: each operation with every status that it may have.

What a route answers by itself is declared at the route (`declared.py`). What is answered around it is listed here.
"""

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import RouteContext

from chassis.errors import (
    PHRASES,
    PROBLEM_JSON,
    TYPE_PREFIX,
    Invalid,
    MalformedJson,
    Problem,
    Unauthenticated,
    Unavailable,
    UnsupportedMediaType,
)
from chassis.http.admission import Busy
from chassis.http.application import application
from chassis.http.bodies import BadLength, RepeatedHeader, TooLarge, TooSlow
from chassis.http.declared import raised_by
from chassis.http.origin import SAFE_METHODS, CrossOrigin
from chassis.http.principals import COOKIE
from chassis.http.strict import dependants_of, routes_of
from chassis.messaging.outbox import EventTooLarge
from chassis.service.service import Service

OF_EVERY_REQUEST: tuple[type[Problem], ...] = (
    BadLength,
    RepeatedHeader,
    TooLarge,
    TooSlow,
    Invalid,
    Busy,
    Unavailable,
)
"""By the dispatcher, and for a query parameter that is unknown or given twice."""
OF_CHANGES: tuple[type[Problem], ...] = (CrossOrigin, UnsupportedMediaType, EventTooLarge)
OF_BODIES: tuple[type[Problem], ...] = (MalformedJson,)
AT_THE_EDGE = (408, 413, 502, 503, 504)
"""What the edge answers by itself: for a body that is too large or too slow, and where no instance answers."""

Json = dict[str, Any]
PROBLEM: Json = {
    "title": "Problem",
    "description": "An error (RFC 9457). `type` is stable; `title` and `detail` are for people.",
    "type": "object",
    "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
    },
}
EDGE_PROBLEM: Json = {
    "description": "The edge's own answer: no instance has seen the request, or none has answered.",
    "allOf": [{"$ref": "#/components/schemas/Problem"}, {"properties": {"type": {"const": "about:blank"}}}],
}
SESSION: Json = {
    "type": "apiKey",
    "in": "cookie",
    "name": COOKIE,
    "description": "Set by `POST /api/sessions`. Changes need a same-origin request where a browser sends them.",
}
SERVED_BY: Json = {"X-Served-By": {"$ref": "#/components/headers/X-Served-By"}}
HEADERS: Json = {
    "X-Served-By": {"description": "`SERVICE/INSTANCE@REGION`", "required": True, "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds", "required": True, "schema": {"type": "integer", "minimum": 1}},
}


def document(services: Sequence[Service]) -> Json:
    """The public interface of `services`; what is internal is left out."""
    applications = [application(service) for service in services]
    routes = [route for each in applications for route in each.routes]
    described = get_openapi(title="Box Office", version="1", routes=routes)
    described["paths"] = {path: item for path, item in described["paths"].items() if path.startswith("/api/")}
    named: dict[str, Json] = {"Problem": PROBLEM, "EdgeProblem": EDGE_PROBLEM}
    for route, method, operation in _operations(applications, described["paths"]):
        problems = problems_of(route, method)
        named |= {each.__name__: schema_of(each) for each in problems}
        _complete(operation, problems)
    components = described.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for fastapis in ("HTTPValidationError", "ValidationError"):
        schemas.pop(fastapis, None)
    if clash := schemas.keys() & named.keys():
        raise ValueError(f"models and problems with one name: {', '.join(sorted(clash))}")
    schemas |= named
    components |= {"securitySchemes": {"session": SESSION}, "headers": HEADERS}
    return described


def problems_of(route: RouteContext, method: str) -> set[type[Problem]]:
    """Every problem by which an operation may be answered."""
    found = {*OF_EVERY_REQUEST, *raised_by(each.call for each in dependants_of(route))}
    if method not in SAFE_METHODS:
        found |= {*OF_CHANGES}
    if route.body_field is not None:
        found |= {*OF_BODIES}
    return found


def schema_of(problem: type[Problem]) -> Json:
    """The JSON schema of one kind of problem."""
    constants = {"type": {"const": TYPE_PREFIX + problem.slug}, "status": {"const": problem.status}}
    described = {"description": (problem.__doc__ or problem.title or problem.__name__).partition("\n")[0]}
    members = {"properties": constants | problem.member_schemas}
    return described | {"allOf": [{"$ref": "#/components/schemas/Problem"}, members]}


def _operations(applications: Sequence[FastAPI], paths: Json) -> Iterator[tuple[RouteContext, str, Json]]:
    for each in applications:
        for route in routes_of(each):
            for method in route.methods or ():
                if (operation := paths.get(route.path_format or "", {}).get(method.lower())) is not None:
                    yield route, method, operation


def _complete(operation: Json, problems: set[type[Problem]]) -> None:
    responses = operation["responses"]
    responses.pop("422", None)  # FastAPI's own, which has another shape
    statuses = {each.status for each in problems} | set(AT_THE_EDGE)
    responses |= {str(status): _refusal(status, problems) for status in sorted(statuses)}
    for response in responses.values():
        response["headers"] = SERVED_BY | response.get("headers", {})
    operation["responses"] = dict(sorted(responses.items()))
    if Unauthenticated in problems:
        operation["security"] = [{"session": []}]


def _refusal(status: int, problems: set[type[Problem]]) -> Json:
    """The response of all `problems` with `status`."""
    mine = sorted((each for each in problems if each.status == status), key=lambda each: each.slug)
    names = [each.__name__ for each in mine] + (["EdgeProblem"] if status in AT_THE_EDGE else [])
    slugs = ", ".join(f"`{each.slug}`" for each in mine)
    phrase = PHRASES.get(status) or HTTPStatus(status).phrase
    schema = {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in names]}
    response: Json = {
        "description": f"{phrase}: {slugs}" if slugs else phrase,
        "content": {PROBLEM_JSON: {"schema": schema if len(names) > 1 else schema["anyOf"][0]}},
    }
    if status in (429, 503):
        response["headers"] = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
    return response

"""Errors as answers: every exception of a route becomes a problem document (RFC 9457)."""

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from chassis.errors import (
    INFRASTRUCTURE_ERRORS,
    PHRASES,
    MalformedJson,
    Problem,
    Unavailable,
    is_outage,
    problem_response,
)
from chassis.observability.security import Outcome, loggable, record

log = logging.getLogger(__name__)


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)  # noqa: S101 - registered for this class only
    record_refusal(error, f"{request.method} {getattr(request.scope.get('route'), 'path', '')}")
    return error.render()


def record_refusal(problem: Problem, route: str = "") -> None:
    """Log the refusals that are security events."""
    if problem.security is not None:
        record(problem.security, Outcome.REFUSED, reason=problem.slug, route=route)


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    if any(item["type"] == "json_invalid" for item in error.errors()):
        return MalformedJson().render()
    errors = [{"at": ".".join(map(str, item["loc"])), "message": item["msg"]} for item in error.errors()]
    return problem_response(422, "invalid-input", detail="The request has invalid members.", errors=errors)


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    if isinstance(error.__cause__, UnicodeDecodeError):  # to FastAPI, a body that is no UTF-8 is not bad JSON
        return MalformedJson().render()
    phrase = PHRASES.get(error.status_code) or HTTPStatus(error.status_code).phrase
    slug = phrase.lower().replace(" ", "-")
    return problem_response(error.status_code, slug, title=phrase, headers=dict(error.headers or {}))


async def _unexpected(request: Request, error: Exception) -> Response:
    if is_outage(error):
        log.warning("unavailable: %s %s: %s", request.method, loggable(request.url.path), type(error).__name__)
        return Unavailable("A part of the system is away.").render()
    log.error("unexpected error: %s %s", request.method, loggable(request.url.path), exc_info=error)
    return problem_response(500, "internal-error")


def install(app: FastAPI) -> None:
    """Make `app` answer every error as a problem document."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    for kind in (*INFRASTRUCTURE_ERRORS, DBAPIError):
        app.add_exception_handler(kind, _unexpected)
    app.add_exception_handler(Exception, _unexpected)

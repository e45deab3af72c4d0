"""Problem details (RFC 9457): an error is a class with a status and a slug. `chassis.http.problems` answers it."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, ClassVar

import orjson
from fastapi import Response
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from chassis.observability.security import SecurityEvent

PROBLEM_JSON = "application/problem+json"
TYPE_PREFIX = "https://boxoffice.test/problems/"
RETRY_AFTER = "1"
PHRASES = {413: "Content Too Large"}
"""What Python's versions call differently."""


class Problem(Exception):
    """An answer other than success. Subclasses set `status` and `slug`; keyword arguments join the body."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal-error"
    title: ClassVar[str] = ""
    security: ClassVar[SecurityEvent | None] = None
    """What this answer is refused as, where that belongs in the log of security events."""
    member_schemas: ClassVar[dict[str, Any]] = {}
    """JSON schemas of the members that it adds to the body, by name."""

    def __init__(self, detail: str = "", *, headers: dict[str, str] | None = None, **members: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.headers = headers or {}
        self.members = members

    def render(self) -> Response:
        return problem_response(
            self.status, self.slug, title=self.title, detail=self.detail, headers=self.headers, **self.members
        )


class NotFound(Problem):
    """It is not there, or it is another account's."""

    status = 404
    slug = "not-found"


class Unauthenticated(Problem):
    """There is no session, or it has ended."""

    status = 401
    slug = "unauthenticated"
    title = "Sign in first"
    security = SecurityEvent.ACCESS


class Forbidden(Problem):
    """The session's account may not do this."""

    status = 403
    slug = "forbidden"
    security = SecurityEvent.ACCESS


class Invalid(Problem):
    """Well-formed input that breaks a rule; `errors` says where."""

    status = 422
    slug = "invalid-input"
    member_schemas: ClassVar[dict[str, Any]] = {
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["at", "message"],
                "properties": {"at": {"type": "string"}, "message": {"type": "string"}},
            },
        }
    }


class MalformedJson(Problem):
    """The body is no JSON."""

    status = 400
    slug = "malformed-json"

    def __init__(self) -> None:
        super().__init__("The body is not valid JSON.")


class MethodNotAllowed(Problem):
    """The path is there, the method is not; `Allow` names all that are."""

    status = 405
    slug = "method-not-allowed"

    def __init__(self, methods: Sequence[str]) -> None:
        super().__init__(headers={"allow": ", ".join(methods)})


class UnsupportedMediaType(Problem):
    """The body is not declared as JSON in UTF-8."""

    status = 415
    slug = "unsupported-media-type"


class Unavailable(Problem):
    """Something this request needs is away; the caller may try again."""

    status = 503
    slug = "unavailable"
    title = "Try again in a moment"

    def __init__(self, detail: str = "", *, retry_after: str = RETRY_AFTER, **members: Any) -> None:
        super().__init__(detail, headers={"retry-after": retry_after}, **members)


def problem_response(
    status: int, slug: str, *, title: str = "", detail: str = "", headers: dict[str, str] | None = None, **members: Any
) -> Response:
    """Render one problem document."""
    body: dict[str, Any] = {"type": TYPE_PREFIX + slug, "title": title or HTTPStatus(status).phrase, "status": status}
    if detail:
        body["detail"] = detail
    return Response(orjson.dumps(body | members), status, headers=headers, media_type=PROBLEM_JSON)


INFRASTRUCTURE_ERRORS: tuple[type[Exception], ...] = (
    OperationalError,
    InterfaceError,
    PoolTimeout,
    ConnectionError,
    TimeoutError,
    OSError,
)
"""What a client library raises when a server is away, as opposed to a request that is wrong."""


LOST_RACES = ("40001", "40P01")
"""SQLSTATEs of a transaction that another one got in the way of: serialization failure, deadlock."""
PASSING_STATES = ("08", "53", "57", "58", "25006", "25P03", "25P04", "55P03", *LOST_RACES)
"""Beginnings of SQLSTATEs: connection lost, out of connections or memory or disk, shutting down or out of time, the
system failed, a standby that does not write yet, idle or in a transaction for too long, locked, lost a race.
"""


def is_outage(error: BaseException) -> bool:
    """Whether `error` says that a server is away, so the same work may succeed later."""
    if isinstance(error, Unavailable):
        return True
    if isinstance(error, DBAPIError) and (error.connection_invalidated or sqlstate(error).startswith(PASSING_STATES)):
        return True
    return isinstance(error, INFRASTRUCTURE_ERRORS) or type(error).__module__.startswith(("redis.", "aiokafka."))


def sqlstate(error: DBAPIError) -> str:
    """What Postgres calls the error, such as `23505`; empty where it did not answer."""
    return getattr(error.orig, "sqlstate", None) or ""

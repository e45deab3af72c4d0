"""What a route may answer, declared where it is written: the document is made of it, and tests hold the answers to it.

>>> @router.post("/api/holds", status_code=201, responses=located(201))
... @raises(NotFound, SeatsTaken)
... async def place_hold(...) -> HoldView: ...
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from chassis.errors import Problem

Function = TypeVar("Function", bound=Callable[..., Any])
Responses = dict[int | str, dict[str, Any]]

_MARK = "__problems__"


def raises(*problems: type[Problem]) -> Callable[[Function], Function]:
    """Declare problems of a route, or of a dependency: then they are those of every route that depends on it."""

    def mark(function: Function) -> Function:
        setattr(function, _MARK, problems)
        return function

    return mark


def raised_by(functions: Iterable[Any]) -> set[type[Problem]]:
    """The problems that any of `functions` declares."""
    return {problem for function in functions for problem in getattr(function, _MARK, ())}


def _header(description: str, **schema: Any) -> dict[str, Any]:
    return {"description": description, "required": True, "schema": {"type": "string", **schema}}


ETAG = _header("The name of this state: send it as `If-None-Match`.")
CACHE_CONTROL = _header("How long a cache may keep the answer.")
CONDITIONAL: Responses = {
    200: {"headers": {"ETag": ETAG, "Cache-Control": CACHE_CONTROL}},
    304: {"description": "Not modified", "headers": {"ETag": ETAG, "Cache-Control": CACHE_CONTROL}},
}
"""A public page: 304 for the caller who has this state of it."""
EVENTS: Responses = {200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}}
"""Server-sent events: `event: NAME`, `data: JSON`. The stream ends after some minutes: connect again."""
SET_COOKIE = {"headers": {"Set-Cookie": _header("The session cookie: begun, or ended.")}}


def located(status: int) -> Responses:
    """An answer with `status` that says where what was made is."""
    return {status: {"headers": {"Location": _header("Where to find it.", format="uri-reference")}}}

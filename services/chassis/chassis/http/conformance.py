"""Whether an answer is one that the OpenAPI document names: its status, type of content, kind of problem and headers.

For tests: every client that they use asks about every answer that it gets.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx
import orjson

from chassis.errors import PROBLEM_JSON, TYPE_PREFIX, MethodNotAllowed, NotFound

Json = Mapping[str, Any]


class Undocumented(AssertionError):
    """An answer that the document does not name."""


class Conformance:
    """The answers that a document names."""

    def __init__(self, document: Json) -> None:
        self._components = document["components"]
        # a path with fewer parameters wins, as where requests are routed
        paths = sorted(document["paths"].items(), key=lambda item: item[0].count("{"))
        self._paths = [(re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), item) for path, item in paths]

    def check(self, method: str, path: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Raises Undocumented. `headers` are looked up in any case; `body` is needed for problems only."""
        if "x-served-by" not in headers:
            raise Undocumented(f"{method} {path}: {status} without X-Served-By")
        allowed = self._answers(method, path)
        response = allowed.get(str(status))
        if response is None:
            raise Undocumented(f"{method} {path}: {status}, of {', '.join(allowed)}: {body[:300]!r}")
        kind = headers.get("content-type", "").partition(";")[0]
        content = response.get("content", {})
        if content and method != "HEAD" and kind not in content:
            raise Undocumented(f"{method} {path}: {status} as {kind or 'nothing'}, of {', '.join(content)}")
        if missing := [name for name in response.get("headers", {}) if name.lower() not in headers]:
            raise Undocumented(f"{method} {path}: {status} without {', '.join(missing)}")
        if kind == PROBLEM_JSON and method != "HEAD":
            given, types = orjson.loads(body)["type"], set(self._types(content[kind]["schema"]))
            if given not in types:
                raise Undocumented(f"{method} {path}: {status} {given}, of {', '.join(sorted(types))}")

    def _answers(self, method: str, path: str) -> Json:
        item = next((item for pattern, item in self._paths if pattern.fullmatch(path)), None)
        if item is None:
            return {str(NotFound.status): _problem(NotFound)}
        operation = item.get("get" if method == "HEAD" else method.lower())
        if operation is not None:
            answers: Json = operation["responses"]
            return answers
        return {"204": {}} if method == "OPTIONS" else {str(MethodNotAllowed.status): _problem(MethodNotAllowed)}

    def _types(self, schema: Json) -> list[str]:
        """The constants of `type` that a schema of problems allows."""
        if reference := schema.get("$ref"):
            return self._types(self._components["schemas"][reference.rpartition("/")[2]])
        found = [each for key in ("anyOf", "allOf") for part in schema.get(key, ()) for each in self._types(part)]
        constant = schema.get("properties", {}).get("type", {}).get("const")
        return [*found, constant] if constant else found


def _problem(kind: type[NotFound | MethodNotAllowed]) -> Json:
    """What is answered where there is no operation: by a process, or by the edge where no service has the path."""
    schemas = [{"properties": {"type": {"const": each}}} for each in (TYPE_PREFIX + kind.slug, "about:blank")]
    headers: dict[str, Any] = {"Allow": {}} if kind is MethodNotAllowed else {}
    return {"content": {PROBLEM_JSON: {"schema": {"anyOf": schemas}}}, "headers": headers}


def checking(document: Callable[[], Json]) -> Callable[[httpx.Response], Awaitable[None]]:
    """A hook for the answers that an `httpx.AsyncClient` gets from `/api`."""
    made: list[Conformance] = []

    async def check(response: httpx.Response) -> None:
        path = response.request.url.path
        if not path.startswith("/api/") or path.startswith(("/api/docs", "/api/openapi.json")):
            return
        if not made:
            made.append(Conformance(document()))
        body = await response.aread() if response.status_code >= 400 else b""
        made[0].check(response.request.method, path, response.status_code, response.headers, body)

    return check

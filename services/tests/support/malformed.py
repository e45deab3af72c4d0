"""Requests that make no sense, made from ones that do."""

import copy
import json
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]

LIMIT = 64 * 1024
"""The largest body that the box office reads."""

NONSENSE: list[Any] = [
    None,
    True,
    -1,
    0,
    1.5,
    10**30,
    1e308,
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "\u202e\ufeff",
    "not-a-uuid",
    "00000000-0000-0000-0000-000000000000",
    "2026-13-45T99:99:99Z",
    "9999999-01-01T00:00:00Z",
    "x" * 5000,
    [],
    {},
    [[]],
    {"": ""},
    {"\ud800": 1},
]
"""Put in the place of each value of a good body, in turn."""

NOT_JSON = {
    "cut off": b'{"a": ',
    "no quotes": b"{a: 1}",
    "a byte that is not UTF-8": b'{"a": "\xe9"}',
    "bytes": bytes(range(256)),
    "two documents": b"{}{}",
    "very deep": b"[" * 60_000,
    "a very long number": b'{"a": ' + b"9" * 10_000 + b"}",
}
NOT_AN_OBJECT = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "text": b'"text"',
    "a number": b"1e999",
    "not a number": b"NaN",
    "half a character as a name": b'{"\\ud800": "\\udfff"}',
    "NUL as a name": b'{"\\u0000": 1}',
    "an empty object": b"{}",
}


def mutations(body: Any) -> Iterator[tuple[str, bytes]]:
    """(what is wrong, the body as JSON) of every variation of `body`: a value gone, replaced, or one too many."""
    for path in _paths(body):
        for value in NONSENSE:
            yield f"{_named(path)}={json.dumps(value)[:40]}", _dumped(_replaced(body, path, value))
    for name in body:
        yield f"without {name}", _dumped({key: value for key, value in body.items() if key != name})
    yield "one too many", _dumped({**body, "is_admin": True})


def _paths(value: Any, at: Path = ()) -> Iterator[Path]:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield (*at, key)
        yield from _paths(member, (*at, key))


def _replaced(body: Any, path: Path, value: Any) -> Any:
    changed = copy.deepcopy(body)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


def _named(path: Path) -> str:
    return ".".join(map(str, path))


def _dumped(body: Any) -> bytes:
    return json.dumps(body).encode()

"""JSON as RFC 8259 has it: what two parsers could read differently is refused before it reaches a model.

Python's parser guesses UTF-16 and UTF-32, takes `NaN`, and keeps the last of two members with one name, where another
one keeps the first: so a proxy may judge another document than the service reads.
"""

import json
from typing import Any

from chassis.errors import Invalid, MalformedJson

ENCODING = "Send JSON in UTF-8 without a byte order mark."


class _Ambiguous(Exception):
    """JSON that not all parsers read alike; the argument is meant for the caller."""


def loads(body: bytes) -> Any:
    """The value in `body`. Raises MalformedJson (400) for what is no JSON, Invalid (422) for what is ambiguous."""
    encoding = json.detect_encoding(body)
    try:
        value = _parse(body.decode(encoding))
        if b"\\u" in body:
            _refuse_surrogates(value)
    except _Ambiguous as error:
        raise Invalid(str(error)) from error
    except (ValueError, RecursionError) as error:  # ValueError: also bytes of no encoding, and numbers without an end
        raise MalformedJson from error
    if encoding != "utf-8":
        raise Invalid(ENCODING)
    return value


def _parse(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_members, parse_constant=_refuse_constant)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _Ambiguous("A member may be given once.")
    return members


def _refuse_constant(name: str) -> None:
    raise _Ambiguous(f"{name} is not a number of JSON.")


def _refuse_surrogates(value: Any) -> None:
    """Half of a surrogate pair can be written as an escape, and is no character."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise _Ambiguous("Text holds half a character (a lone surrogate).") from error

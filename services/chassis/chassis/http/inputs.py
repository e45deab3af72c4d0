"""Types of what callers send. A schema uses these in place of `str`, `int`, `UUID` and `datetime`: a test looks.

Each refuses with a ValueError, which becomes a 422 that names the member. Text comes out in Unicode NFC.
"""

import re
import unicodedata
from datetime import datetime
from functools import cache
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from chassis.iso import COUNTRIES, CURRENCIES, TIME_EXAMPLE, as_time

REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, halves of characters, private use, what is no character, and separators of lines and paragraphs."""
DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Embeddings, overrides and isolates: text after one of them is shown in another order, on the page and in mails."""
BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0\ufffc\U0001d159")
"""To Unicode letters or symbols; what is shown is nothing."""
INVISIBLE = frozenset("ZCM")
"""General categories, by their first letter, of which a text alone shows nothing: blanks, format characters, marks."""
CANONICAL_UUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
DIGITS = re.compile(r"-?[0-9]{1,19}")


class Unshown:
    """Marks text that is compared and never shown, such as a password: any characters will do."""


class Input(BaseModel):
    """A body that a caller sends: nothing unknown in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def as_shown(text: str) -> str:
    """`text` in NFC, which is how it is stored and compared. Raises ValueError for characters that mislead or break."""
    text = unicodedata.normalize("NFC", text)
    if any(character in DIRECTIONS for character in text):
        raise ValueError("contains characters that change the direction of text")
    if any(unicodedata.category(character) in REFUSED_CATEGORIES for character in text):
        raise ValueError("contains control characters or what is no character")
    return text


def as_paragraphs(text: str) -> str:
    """The same for text that may have lines and tabs; line breaks come out as `\\n`."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join("\t".join(as_shown(part) for part in line.split("\t")) for line in lines)


def is_visible(text: str) -> bool:
    """Whether a reader sees anything of it."""
    return any(unicodedata.category(each)[0] not in INVISIBLE and each not in BLANK_LETTERS for each in text)


@cache
def time_zones() -> frozenset[str]:
    """The names of the IANA database that stand for places; `Factory` and `localtime` are none."""
    return frozenset(available_timezones()) - {"Factory", "localtime"}


def _text(value: Any) -> Any:
    return as_shown(value) if isinstance(value, str) else value


def _paragraphs(value: Any) -> Any:
    return as_paragraphs(value) if isinstance(value, str) else value


def _visible(text: str) -> str:
    if not is_visible(text):
        raise ValueError("shows nothing")
    return text


def _time(value: Any) -> Any:
    if isinstance(value, datetime):
        return value  # of our own code: JSON has none
    if not isinstance(value, str):
        raise ValueError(TIME_EXAMPLE)  # noqa: TRY004 - becomes a 422
    return as_time(value)


def _uuid(value: Any) -> Any:
    if isinstance(value, str) and not CANONICAL_UUID.fullmatch(value):
        raise ValueError("Give a UUID such as 0197a1b2-0000-7000-8000-000000000001.")
    return value


def _digits(value: Any) -> Any:
    if isinstance(value, str) and not DIGITS.fullmatch(value):
        raise ValueError("Give an integer such as 20.")
    return value


def _one_of(codes: frozenset[str], what: str) -> AfterValidator:
    def check(code: str) -> str:
        if code not in codes:
            raise ValueError(f"is not {what}")
        return code

    return AfterValidator(check)


def _time_zone(name: str) -> str:
    if name not in time_zones():
        raise ValueError("is not a time zone of the IANA database")
    return name


Opaque = Annotated[str, Unshown()]
Text = Annotated[str, BeforeValidator(_text)]
"""One line, also an empty one, such as the words of a search. Constraints are added where it is used."""
VisibleText = Annotated[Text, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(_visible)]
"""One line of which a reader sees something, such as a name."""
Paragraphs = Annotated[str, BeforeValidator(_paragraphs), StringConstraints(strip_whitespace=True)]
"""Lines of text, or nothing."""
UtcTime = Annotated[
    AwareDatetime, BeforeValidator(_time), Field(json_schema_extra={"examples": ["2026-01-31T19:30:00Z"]})
]
Id = Annotated[UUID, BeforeValidator(_uuid)]
DIGITS_ONLY = BeforeValidator(_digits)
"""For an integer in a query, after its bounds: ASCII digits, nothing around or between them."""
StrictInt = Annotated[int, Field(strict=True)]
"""An integer of a body: no text, no fraction, no boolean."""
Country = Annotated[
    str,
    _one_of(COUNTRIES, "an ISO 3166-1 alpha-2 country code"),
    WithJsonSchema({"type": "string", "enum": sorted(COUNTRIES)}),
]
Currency = Annotated[
    str,
    _one_of(CURRENCIES, "an ISO 4217 currency code"),
    WithJsonSchema({"type": "string", "enum": sorted(CURRENCIES)}),
]
TimeZone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_time_zone)]

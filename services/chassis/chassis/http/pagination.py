"""Lists in pages: `{"items": [...], "next_cursor": ...}`, continued after the last key seen (keyset), not by offset.

A page costs the same however deep it is, and rows that come or go in between neither repeat nor skip others.

>>> @router.get("/api/tickets")
... async def tickets(runtime: RuntimeDep, request: PageRequestDep) -> Page[TicketView]:
...     after = request.after(tuple[datetime, UUID])  # None on the first page
...     rows = await repository.tickets(..., after=after, limit=request.rows)
...     return request.page(rows, key=lambda row: (row.issued_at, row.id), render=TicketView.of)
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import orjson
from fastapi import Depends, Query
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from chassis.errors import Problem
from chassis.http.declared import raises
from chassis.http.inputs import DIGITS_ONLY, Text

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
MAX_CURSOR_LENGTH = 512
BIGINT = 2**63

Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT), DIGITS_ONLY]
Part = str | int | UUID | datetime
Row = TypeVar("Row")
Item = TypeVar("Item")
Key = TypeVar("Key", bound=tuple[Any, ...])


class InvalidCursor(Problem):
    """A cursor that this list did not hand out."""

    status = 422
    slug = "invalid-cursor"

    def __init__(self) -> None:
        super().__init__("Pass next_cursor exactly as the page before gave it.")


class Page(BaseModel, Generic[Item]):
    """One page of a list; `next_cursor` is null on the last one."""

    items: list[Item]
    next_cursor: str | None = None


def encode_cursor(key: tuple[Part, ...]) -> str:
    """The opaque form of the sort key of a row."""
    # the driver has UUIDs of its own, which orjson takes only as text
    return base64.urlsafe_b64encode(orjson.dumps(key, default=str)).rstrip(b"=").decode()


def decode_cursor(cursor: str, kind: type[Key]) -> Key:
    """The sort key in `cursor`, typed as `kind` such as `tuple[datetime, UUID]`; raises InvalidCursor on anything else.

    What comes back is safe to hand to Postgres: no NUL, no integer beyond bigint, times in UTC.
    """
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        parts = _adapter(kind).validate_json(text)
        return kind(_storable(part) for part in parts)
    except (binascii.Error, ValidationError, ValueError, OverflowError) as error:
        raise InvalidCursor from error


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What the caller asked for."""

    cursor: str | None
    limit: int

    @property
    def rows(self) -> int:
        """How many rows to read: one more than fits, which tells whether there is a next page."""
        return self.limit + 1

    def after(self, kind: type[Key]) -> Key | None:
        """The sort key of the last row of the page before, or None for the first page."""
        return decode_cursor(self.cursor, kind) if self.cursor else None

    def page(
        self, rows: Sequence[Row], *, key: Callable[[Row], tuple[Part, ...]], render: Callable[[Row], Item]
    ) -> Page[Item]:
        """Render up to `limit` of `rows`, which were read with `limit=self.rows`."""
        shown = rows[: self.limit]
        more = len(rows) > self.limit
        return Page(items=[render(row) for row in shown], next_cursor=encode_cursor(key(shown[-1])) if more else None)


@raises(InvalidCursor)
async def page_request(
    cursor: Annotated[Text | None, Query(max_length=MAX_CURSOR_LENGTH)] = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageRequest:
    return PageRequest(cursor, limit)


PageRequestDep = Annotated[PageRequest, Depends(page_request)]


@cache
def _adapter(kind: type[Key]) -> TypeAdapter[Key]:
    return TypeAdapter(kind)


def _storable(part: Part) -> Part:
    if isinstance(part, str) and "\x00" in part:
        raise ValueError("NUL")
    if isinstance(part, int) and not -BIGINT <= part < BIGINT:
        raise OverflowError("beyond bigint")
    if isinstance(part, datetime):
        if part.tzinfo is None:
            raise ValueError("a time without a zone")
        return part.astimezone(UTC)
    return part

"""Cursors survive the round trip, and nothing but a cursor passes for one."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from chassis.http.pagination import InvalidCursor, PageRequest, decode_cursor, encode_cursor
from chassis.ids import uuid7


def test_a_key_survives_the_round_trip() -> None:
    key = (datetime(2026, 5, 1, 18, 30, 0, 123456, tzinfo=UTC), uuid7())
    assert decode_cursor(encode_cursor(key), tuple[datetime, UUID]) == key


def test_a_time_comes_back_in_utc() -> None:
    local = datetime(2026, 5, 1, 20, tzinfo=timezone(timedelta(hours=2)))
    (moment,) = decode_cursor(encode_cursor((local,)), tuple[datetime])
    assert (moment, moment.tzinfo) == (local, UTC)


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "ä",
        "%%%",
        "AAAA",
        encode_cursor(()),
        encode_cursor(("a", "b")),
        encode_cursor((1, 2, 3)),
        "W1tbW1s",
        "\x00",
    ],
)
def test_anything_else_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(cursor, tuple[datetime, UUID])


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        (("a\x00b",), tuple[str]),
        ((2**63,), tuple[int]),
        (("2026-05-01T20:00:00",), tuple[datetime]),
        (("0001-01-01T00:00:00+14:00",), tuple[datetime]),
    ],
)
def test_a_key_that_postgres_cannot_hold_is_refused(key: tuple[str | int], kind: type[tuple[str]]) -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(encode_cursor(key), kind)


def test_pages_follow_each_other_to_the_end() -> None:
    everything = list(range(5))
    seen: list[int] = []
    request = PageRequest(cursor=None, limit=2)
    while True:
        after = request.after(tuple[int])
        rows = [number for number in everything if after is None or number > after[0]][: request.rows]
        page = request.page(rows, key=lambda number: (number,), render=lambda number: number)
        seen += page.items
        if page.next_cursor is None:
            break
        request = PageRequest(cursor=page.next_cursor, limit=2)
    assert seen == everything


def test_an_empty_list_is_one_page() -> None:
    page = PageRequest(None, 20).page(list[int](), key=lambda row: (row,), render=lambda row: row)
    assert page.model_dump() == {"items": [], "next_cursor": None}

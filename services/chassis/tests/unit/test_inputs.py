"""What callers may write: tables of what is taken, and of what is refused, for each type."""

import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from chassis.http import inputs
from chassis.http.inputs import (
    DIGITS_ONLY,
    Country,
    Currency,
    Id,
    Paragraphs,
    StrictInt,
    Text,
    TimeZone,
    UtcTime,
    VisibleText,
    is_visible,
)
from chassis.iso import COUNTRIES, CURRENCIES, as_date

ID = "0197a1b2-0000-7000-8000-00000000000f"
DIRECTIONS = [chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))]
NOTHING_VISIBLE = [
    "",
    " ",
    "\t",
    "\u00a0",
    "\u200b",
    "\u200c\u200d",
    "\u2060",
    "\ufeff",
    "\u00ad",
    "\u180e",
    "\u3000\u2003",
    "\u034f",
    "\ufe0f",
    "\U000e0020",
    "\u0301",
    "\u115f\u1160",
    "\u3164",
    "\uffa0",
    "\u2800",
    "\u200e\u200f",
]
BROKEN = [
    "a\x00",
    "a\nb",
    "a\r\nb",
    "a\x1bb",
    "a\x7f",
    "a\x85b",
    "a\u2028b",
    "a\u2029b",
    "a\ud800",
    "a\ue000",
    "a\uffff",
    "a\u0378",
    "a\U0010ffff",
]


def taken(kind: Any, value: Any) -> Any:
    return TypeAdapter(kind).validate_python(value)


def refused(kind: Any, value: Any) -> bool:
    try:
        TypeAdapter(kind).validate_python(value)
    except ValidationError:
        return True
    return False


@pytest.mark.parametrize("text", NOTHING_VISIBLE, ids=ascii)
def test_text_that_shows_nothing(text: str) -> None:
    assert refused(VisibleText, text)
    assert refused(VisibleText, text * 3)
    assert not is_visible(text)


@pytest.mark.parametrize("text", BROKEN + [f"a{each}b" for each in DIRECTIONS], ids=ascii)
@pytest.mark.parametrize("kind", [VisibleText, Text])
def test_text_that_breaks_or_misleads(kind: Any, text: str) -> None:
    assert refused(kind, text)
    assert refused(dict[kind, int], {text: 1})


@pytest.mark.parametrize(
    "text",
    [
        "Ada",
        "Žofie 東",
        "\u0645\u06cc\u200c\u0634\u0648\u062f",
        "👩\u200d🚀",
        "שלום",
        "O'Neil-Smith",
        "-",
        "1",
        "क्ष",
        "a\u200fb",
        "🏴",
    ],
)
def test_text_of_any_script(text: str) -> None:
    assert taken(VisibleText, f"  {text} ") == text
    assert taken(Paragraphs, text) == text


def test_text_is_composed_before_it_is_measured() -> None:
    decomposed = unicodedata.normalize("NFD", "é" * 10)
    assert taken(Annotated[VisibleText, Field(max_length=10)], decomposed) == "é" * 10
    assert refused(Annotated[VisibleText, Field(max_length=10)], "é" * 11)


def test_paragraphs_have_lines_and_no_other_controls() -> None:
    assert taken(Paragraphs, " one\r\ntwo\n\n\tthree ") == "one\ntwo\n\n\tthree"
    assert taken(Paragraphs, "") == ""
    for text in [each for each in BROKEN if each not in ("a\nb", "a\r\nb")] + [f"a\n{each}b" for each in DIRECTIONS]:
        assert refused(Paragraphs, text), ascii(text)


@pytest.mark.parametrize("value", [None, 1, 1.5, True, [], {}], ids=repr)
def test_text_is_no_other_type(value: Any) -> None:
    for kind in (Text, VisibleText, Paragraphs, Country, Currency, TimeZone):
        assert refused(kind, value)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2030-01-31T19:30:00Z", datetime(2030, 1, 31, 19, 30, tzinfo=UTC)),
        ("2030-01-31t19:30:00z", datetime(2030, 1, 31, 19, 30, tzinfo=UTC)),
        ("2030-01-31 19:30:00+01:00", datetime(2030, 1, 31, 18, 30, tzinfo=UTC)),
        ("2030-01-31T00:30:00.123456+14:00", datetime(2030, 1, 30, 10, 30, 0, 123456, tzinfo=UTC)),
        ("2030-01-31T19:30:00.123456789-00:00", datetime(2030, 1, 31, 19, 30, 0, 123456, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_time_is_that_of_rfc_3339_and_comes_out_in_utc(text: str, utc: datetime) -> None:
    time = taken(UtcTime, text)
    assert time == utc
    assert time.utcoffset() == UTC.utcoffset(None)


@pytest.mark.parametrize(
    "value",
    [
        "2030-01-31T19:30:00",
        "2030-01-31T19:30:00 ",
        "2030-01-31T19:30Z",
        "2030-01-31T19Z",
        "2030-01-31",
        "2030-W05-4T19:30:00Z",
        "2030-W05T19:30:00Z",
        "2030W054T193000Z",
        "20300131T193000Z",
        "2030-031T19:30:00Z",
        "2030-1-31T19:30:00Z",
        "2030-02-30T19:30:00Z",
        "2030-13-01T19:30:00Z",
        "2030-01-31T24:00:00Z",
        "2030-01-31T19:60:00Z",
        "2030-01-31T19:30:60Z",
        "2030-01-31T19:30:00+24:00",
        "2030-01-31T19:30:00+0100",
        "2030-01-31T19:30:00+01",
        "2030-01-31T19:30:00,5Z",
        "2030-01-31T19:30:00.Z",
        "2030-01-31T19:30:00[Europe/Dublin]",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        "10000-01-01T00:00:00Z",
        "+2030-01-31T19:30:00Z",
        "٢٠٣٠-01-31T19:30:00Z",
        "2030-01-31T19:30:00Z\n",
        "now",
        "",
        0,
        1893456000,
        "1893456000",
        1893456000.5,
        True,
        None,
        ["2030-01-31T19:30:00Z"],
    ],
    ids=repr,
)
def test_what_is_no_time(value: Any) -> None:
    assert refused(UtcTime, value)


@pytest.mark.parametrize(
    "text", ["2030-W05-4", "2030-031", "20300131", "2030-02-30", "0000-01-01", "٢٠٣٠-01-31", "2030-1-1", ""]
)
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        as_date(text)


@pytest.mark.parametrize("text", [ID, ID.upper()])
def test_ids(text: str) -> None:
    assert taken(Id, text) == UUID(ID)


@pytest.mark.parametrize(
    "value",
    [
        f"{{{ID}}}",
        f"urn:uuid:{ID}",
        ID.replace("-", ""),
        f" {ID}",
        f"{ID}\n",
        ID[:-1],
        ID + "0",
        ID[:-1] + "g",
        "",
        1,
    ],
    ids=repr,
)
def test_what_is_no_id(value: Any) -> None:
    assert refused(Id, value)


@pytest.mark.parametrize("value", ["1_000", " 1", "+1", "1.0", "1e3", "0x1", "\u0661", "", "-", "9" * 20, "1\n"])
def test_what_is_no_integer_of_a_query(value: str) -> None:
    assert taken(Annotated[int, DIGITS_ONLY], "20") == 20
    assert refused(Annotated[int, DIGITS_ONLY], value)


@pytest.mark.parametrize("value", ["1", 1.0, True, None, [1]], ids=repr)
def test_what_is_no_integer_of_a_body(value: Any) -> None:
    assert taken(StrictInt, 1) == 1
    assert refused(StrictInt, value)


def test_countries_and_currencies_are_those_that_exist() -> None:
    assert len(COUNTRIES) == 249
    assert {"EUR", "GBP", "USD", "JPY", "CHF", "XOF"} <= CURRENCIES
    for kind, codes in ((Country, COUNTRIES), (Currency, CURRENCIES)):
        assert all(taken(kind, code) == code for code in codes)


@pytest.mark.parametrize("code", ["XX", "ZZ", "AA", "UK", "EU", "ie", "IE ", "IRL", "", "372", "\uff29\uff25"])
def test_what_is_no_country(code: str) -> None:
    assert refused(Country, code)


@pytest.mark.parametrize("code", ["XXX", "XTS", "XAU", "ZZZ", "AAA", "DEM", "eur", "EUR ", "EU", "€", "978", "BTC", ""])
def test_what_is_no_currency(code: str) -> None:
    assert refused(Currency, code)


def test_time_zones_are_those_of_the_database() -> None:
    for name in ("Europe/Dublin", "America/Argentina/Buenos_Aires", "UTC"):
        assert taken(TimeZone, name) == name
    assert all(ZoneInfo(name) for name in inputs.time_zones())


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Europe",
        "Europe/Nowhere",
        "europe/dublin",
        "posix/UTC",
        "right/UTC",
        "posixrules",
        "localtime",
        "Factory",
        "/etc/localtime",
        "../UTC",
        "Europe/../UTC",
        "a\x00b",
        "+01:00",
        "UTC+1",
        "x" * 65,
        "Mars/Olympus",
        "zone.tab",
    ],
)
def test_what_is_no_time_zone(name: str) -> None:
    assert refused(TimeZone, name)

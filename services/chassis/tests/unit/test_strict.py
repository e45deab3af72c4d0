"""The border of a service: one matrix of what HTTP and JSON allow to be written, and what a service takes of it."""

import asyncio
import codecs
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Depends
from pydantic import BaseModel

from chassis.errors import TYPE_PREFIX, Problem
from chassis.http.application import application
from chassis.http.strict_json import loads
from chassis.live.sse import EventStream, ServerEvent
from chassis.service.service import create_service

JSON = {"content-type": "application/json"}
GOOD = b'{"text": "x"}'


class Letter(BaseModel):
    text: str


async def paging(cursor: str | None = None, limit: int = 20) -> int:
    return limit


reading = APIRouter(prefix="/api/letters")
writing = APIRouter(prefix="/api/letters")


@reading.get("")
async def letters(limit: Annotated[int, Depends(paging)], q: str = "") -> Any:
    return {"limit": limit, "q": q}


@reading.get("/stream")
async def stream() -> Any:
    async def events() -> AsyncIterator[ServerEvent]:
        for number in range(1_000_000):
            yield ServerEvent(number)
            await asyncio.sleep(0)

    return EventStream(events(), endings=())  # type: ignore[arg-type]


@reading.get("/{letter_id}")
async def letter(letter_id: int) -> Any:
    return {"id": letter_id}


@writing.post("", status_code=201)
async def write(letter: Letter) -> Letter:
    return letter


@writing.delete("/{letter_id}", status_code=204)
async def burn(letter_id: int) -> None:
    """Takes no body."""


@pytest.fixture
def client() -> httpx.AsyncClient:
    service = create_service("letters", paths=["/api/letters"], routers=[reading, writing])
    transport = httpx.ASGITransport(application(service), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://test")


def slug(answer: httpx.Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return str(answer.json()["type"]).removeprefix(TYPE_PREFIX)


@pytest.mark.parametrize(
    ("query", "at"),
    [
        ("page=2", "query.page"),
        ("q=a&page=2", "query.page"),
        ("page", "query.page"),
        ("Limit=1", "query.Limit"),
        ("limit%20=1", "query.limit "),
        ("=1", "query."),
        ("limit=1&limit=2", "query.limit"),
        ("limit=1&l%69mit=1", "query.limit"),
        ("q=&q=", "query.q"),
        ("cursor=a&cursor=b", "query.cursor"),
        ("limit=1;limit=2", "query.limit"),
        ("%ED%A0%80=1", None),
        ("%00=1", None),
        ("%FF=1", None),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_parameter_that_is_unknown_or_given_twice(
    client: httpx.AsyncClient, method: str, query: str, at: str | None
) -> None:
    answer = await client.request(method, f"/api/letters?{query}")
    assert answer.status_code == 422
    if method == "GET":
        assert slug(answer) == "invalid-input"
        assert at in (None, answer.json()["errors"][0]["at"])


@pytest.mark.parametrize("query", ["", "q=a&limit=1&cursor=x", "&&q=a&", "%71=a", "q=%FF"])
async def test_what_is_declared_is_taken(client: httpx.AsyncClient, query: str) -> None:
    assert (await client.get(f"/api/letters?{query}")).status_code == 200


async def test_a_path_without_parameters_takes_none(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/letters/1?x=1")).status_code == 422
    assert (await client.delete("/api/letters/1?x=1")).status_code == 422
    assert (await client.post("/api/letters?x=1", json={"text": "x"})).status_code == 422


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/letters", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("/api/letters/1", {"GET", "HEAD", "DELETE", "OPTIONS"}),
        ("/api/letters/stream", {"GET", "HEAD", "DELETE", "OPTIONS"}),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "TRACE", "OPTIONS", "BREW"])
async def test_allow_names_all_methods_of_a_path(
    client: httpx.AsyncClient, method: str, path: str, methods: set[str]
) -> None:
    answer = await client.request(method, path)
    assert set(answer.headers["allow"].split(", ")) == methods
    if method == "OPTIONS":
        assert (answer.status_code, answer.content) == (204, b"")
    else:
        assert (answer.status_code, slug(answer)) == (405, "method-not-allowed")


async def test_what_is_no_path_is_404_by_any_method(client: httpx.AsyncClient) -> None:
    for method in ("GET", "HEAD", "POST", "OPTIONS", "BREW"):
        for path in ("/api/letters/1/2", "/api/letters/", "/api/lettersx"):
            assert (await client.request(method, path)).status_code == 404, (method, path)


async def test_head_answers_as_get_without_the_body(client: httpx.AsyncClient) -> None:
    got, headed = await client.get("/api/letters"), await client.head("/api/letters")
    assert (headed.status_code, headed.content) == (200, b"")
    assert headed.headers == got.headers


async def test_head_of_a_stream_ends(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(10):
        answer = await client.head("/api/letters/stream")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "Application/JSON",
        "APPLICATION/JSON;charset=UTF-8",
        'application/json; charset="utf-8"',
        "application/json ; Charset=Utf-8",
    ],
)
async def test_json_is_json_in_any_case(client: httpx.AsyncClient, kind: str) -> None:
    assert (await client.post("/api/letters", content=GOOD, headers={"content-type": kind})).status_code == 201


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "x",
        "text/plain",
        "text/json",
        "application/jsonx",
        "application/json-patch+json",
        "application/problem+json",
        "application/json; charset=utf-16",
        "application/json; charset=latin-1",
        "application/json; charset*=utf-16''x",
        "text/plain; application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ],
)
async def test_other_types_are_415(client: httpx.AsyncClient, kind: str) -> None:
    answer = await client.post("/api/letters", content=GOOD, headers={"content-type": kind})
    assert (answer.status_code, slug(answer)) == (415, "unsupported-media-type")


async def test_a_body_in_chunks_needs_a_type_too(client: httpx.AsyncClient) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield GOOD[:5]
        yield GOOD[5:]

    typed = await client.post("/api/letters", content=chunks(), headers=JSON)
    untyped = await client.post("/api/letters", content=chunks())
    assert (typed.status_code, untyped.status_code) == (201, 415)


NOT_JSON = (
    b'{"text": ',
    b"{text: 1}",
    b"{'text': 'x'}",
    b'{"text": "x",}',
    b'{"text": "x"} {}',
    b'{"text": "\xe9"}',
    b'{"text": "\xed\xa0\x80"}',
    b'{"text": "\x00"}',
    b'{"text": "a\nb"}',
    b'{"text": 01}',
    b'{"text": .5}',
    b'{"text": 0x10}',
    b"[" * 60_000,
    b'{"text": ' + b"9" * 10_000 + b"}",
    bytes(range(256)),
    b"\xff\xfe",
)
AMBIGUOUS = (
    *(GOOD.decode().encode(encoding) for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be")),
    codecs.BOM_UTF8 + GOOD,
    b'{"text": "a", "text": "b"}',
    b'{"text": "a", "t\\u0065xt": "a"}',
    b'{"text": "a", "more": [{"x": 1, "x": 1}]}',
    b'{"text": NaN}',
    b'{"text": "x", "more": -Infinity}',
    b"NaN",
    b'{"text": "\\ud800"}',
    b'{"text": "\\udc00\\ud800"}',
    b'{"\\ud800": 1}',
    b'["\\udfff"]',
)


@pytest.mark.parametrize("body", NOT_JSON, ids=lambda body: repr(body[:20]))
async def test_what_is_not_json_is_400(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/api/letters", content=body, headers=JSON)
    assert (answer.status_code, slug(answer)) == (400, "malformed-json")


@pytest.mark.parametrize("body", AMBIGUOUS, ids=lambda body: repr(body[:20]))
async def test_what_parsers_read_differently_is_422(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/api/letters", content=body, headers=JSON)
    assert (answer.status_code, slug(answer)) == (422, "invalid-input")


@pytest.mark.parametrize(
    "value", [{"a": [1, 2.5, None, True, "\U0001f3ad", "\ufeff"], "b": {"a": {}}}, [], "text", 10**40, None]
)
def test_what_all_parsers_read_alike_is_taken(value: Any) -> None:
    assert loads(json.dumps(value).encode()) == value
    assert loads(json.dumps(value, ensure_ascii=False).encode()) == value


def test_a_refusal_is_always_a_problem() -> None:
    for body in (*NOT_JSON, *AMBIGUOUS):
        with pytest.raises(Problem):
            loads(body)

"""Whatever is sent, the answer is a problem document that says what is wrong, and nothing about the inside."""

import base64
import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest

from support.customer import Customer, problem_of
from support.malformed import LIMIT, NOT_AN_OBJECT, NOT_JSON, mutations
from support.organiser import PRICES, Organiser, in_days
from support.shapes import Performance

INTERNALS = re.compile(
    r"Traceback|File \"|site-packages|sqlalchemy|asyncpg|pydantic|redis|kafka|fastapi|0x[0-9a-f]{6}|SELECT |INSERT ",
    re.IGNORECASE,
)
ENDPOINTS = ("accounts", "sessions", "holds", "orders", "venues", "shows", "performances")
LISTS = ("shows", "orders", "tickets", "notifications")
BAD_IDS = ("0", "not-a-uuid", "%00", "%FF", "%F0%9F%8E%AD", "1;DROP", "x" * 2000, "{}", "*")


@dataclass(frozen=True)
class Endpoint:
    """One of the calls that take a body: where it is, and a body that it accepts."""

    path: str
    good: dict[str, Any]

    @property
    def body(self) -> bytes:
        return json.dumps(self.good).encode()


@pytest.fixture
async def stage(organiser: Organiser, remembered: dict[str, Any]) -> Performance:
    """A performance for all of these tests: none of them gets a seat."""
    if "stage" not in remembered:
        remembered["stage"] = await organiser.put_on_sale()
    stage: Performance = remembered["stage"]
    return stage


@pytest.fixture
def endpoints(stage: Performance) -> dict[str, Endpoint]:
    zones = [{"name": "Floor", "rows": [{"name": "A", "seats": 2}]}]
    place = {"name": "Here", "city": "Ghent", "country": "BE", "timezone": "Europe/Brussels", "zones": zones}
    person = {"email": f"{uuid4().hex}@example.test", "password": "long-enough-for-us", "name": "Eve", "country": "IE"}
    date = {"venue_id": str(stage.venue_id), "starts_at": in_days(20), "prices": PRICES}
    every = (
        Endpoint("/api/accounts", person),
        Endpoint("/api/sessions", {"email": person["email"], "password": person["password"]}),
        Endpoint("/api/holds", {"performance_id": str(stage.id), "seats": ["A1", "A2"]}),
        Endpoint("/api/orders", {"hold_id": str(uuid4()), "payment_token": "tok_visa"}),
        Endpoint("/api/venues", place),
        Endpoint("/api/shows", {"title": "Proof of nothing", "description": "None", "genre": "Farce"}),
        Endpoint(f"/api/shows/{stage.show_id}/performances", date),
    )
    return dict(zip(ENDPOINTS, every, strict=True))


async def send(who: Customer, endpoint: Endpoint, body: bytes | AsyncIterator[bytes], **headers: str) -> httpx.Response:
    given = {"content-type": "application/json", "idempotency-key": uuid4().hex}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    return await who.request("POST", endpoint.path, content=body, headers=given)


def check_refusal(answer: httpx.Response, *statuses: int) -> None:
    """The answer is a problem with one of `statuses`, any 4xx where none is given, and says nothing of the inside."""
    what = f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    problem = problem_of(answer)
    assert answer.status_code in (statuses or range(400, 500)), what
    assert problem.type.startswith("https://"), f"a refusal by a service has a type; {what}"
    assert not INTERNALS.search(answer.text), what


@pytest.mark.parametrize("what", NOT_JSON)
async def test_what_is_not_json(what: str, endpoints: dict[str, Endpoint], organiser: Organiser) -> None:
    for endpoint in endpoints.values():
        check_refusal(await send(organiser, endpoint, NOT_JSON[what]), 400)


@pytest.mark.parametrize("what", NOT_AN_OBJECT)
async def test_what_is_not_the_object(what: str, endpoints: dict[str, Endpoint], organiser: Organiser) -> None:
    for endpoint in endpoints.values():
        check_refusal(await send(organiser, endpoint, NOT_AN_OBJECT[what]), 422)


@pytest.mark.parametrize("name", ENDPOINTS)
async def test_every_value_replaced_by_nonsense(
    name: str, endpoints: dict[str, Endpoint], organiser: Organiser
) -> None:
    """Some of it happens to make sense, such as an empty description; nothing of it makes a mess."""
    for what, body in mutations(endpoints[name].good):
        answer = await send(organiser, endpoints[name], body)
        assert answer.status_code < 500, f"{what}: {answer.text}"
        if answer.is_error:
            check_refusal(answer)


async def test_members_that_are_too_many_or_not_there(endpoints: dict[str, Endpoint], organiser: Organiser) -> None:
    for endpoint in endpoints.values():
        bodies = [{key: value for key, value in endpoint.good.items() if key != gone} for gone in endpoint.good]
        for body in (*bodies, {**endpoint.good, "is_admin": True}):
            answer = await send(organiser, endpoint, json.dumps(body).encode())
            if endpoint.good.keys() - body.keys() != {"description"}:  # which a show need not have
                check_refusal(answer, 422)


async def test_a_body_that_is_too_large(endpoints: dict[str, Endpoint], organiser: Organiser) -> None:
    for endpoint in endpoints.values():
        declared = await send(organiser, endpoint, b" " * (LIMIT + 1))
        streamed = await send(organiser, endpoint, _chunks(b" " * LIMIT, b"{}"))
        for answer in (declared, streamed):
            check_refusal(answer, 413)
            assert problem_of(answer).slug == "content-too-large"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x", ""])
async def test_another_type_of_content(kind: str, endpoints: dict[str, Endpoint], organiser: Organiser) -> None:
    for endpoint in endpoints.values():
        check_refusal(await send(organiser, endpoint, endpoint.body, content_type=kind), 415)


@pytest.mark.parametrize(
    "sender",
    [
        {"origin": "https://evil.test", "sec_fetch_site": "cross-site"},
        {"origin": "null", "sec_fetch_site": "cross-site"},
        {"origin": "https://sub.localhost", "sec_fetch_site": "same-site"},
        {"sec_fetch_site": "nonsense"},
    ],
    ids=str,
)
async def test_from_another_site(sender: dict[str, str], endpoints: dict[str, Endpoint], organiser: Organiser) -> None:
    for endpoint in endpoints.values():
        answer = await send(organiser, endpoint, endpoint.body, **sender)
        assert problem_of(answer, 403).slug == "cross-origin"


@pytest.mark.parametrize("limit", ["0", "-1", "101", "ten", "1e9", "9" * 99, "%00", ""])
async def test_a_page_size_that_is_none(limit: str, customer: Customer) -> None:
    for name in LISTS:
        check_refusal(await customer.get(f"/api/{name}?limit={limit}"), 422)


def cursors() -> Iterator[str]:
    keys = ["", "1", "null", "[]", "[1,2,3]", '["\\u0000","\\u0000"]', "[[[[[[", "\xff\xfe", '["x","y"]']
    keys += [f'["9999-12-31T23:59:59-12:00","{uuid4()}"]', f"[{'9' * 99}]", f'["{uuid4()}"' * 9]
    yield from (base64.urlsafe_b64encode(key.encode("latin-1")).decode() for key in keys if key)
    yield from ("%00", "%FF", "===", "*", "a" * 600)


async def test_a_cursor_that_is_none(customer: Customer) -> None:
    for cursor in cursors():
        for name in LISTS:
            check_refusal(await customer.get(f"/api/{name}?cursor={cursor}"), 422)


@pytest.mark.parametrize(
    "query", ["q=%00", f"q={'x' * 101}", "city=%00", "from=yesterday", "from=2026-99-99", "to=%00", "to=0000-00-00"]
)
async def test_a_search_that_makes_no_sense(query: str, visitor: Customer) -> None:
    check_refusal(await visitor.get(f"/api/shows?{query}"), 422)


@pytest.mark.parametrize("query", ["q=%FF", "q='", "q=%25%27)%20--", "q=%26%7C!()", "city=%F0%9F%8E%AD", "q=:*"])
async def test_a_search_for_odd_things_finds_nothing(query: str, visitor: Customer) -> None:
    answer = await visitor.get(f"/api/shows?{query}")

    assert (answer.status_code, answer.json()["items"]) == (200, [])


async def test_ids_that_are_none(organiser: Organiser) -> None:
    """Every call of the document that takes an id."""
    document = (await organiser.get("/api/openapi.json")).json()
    calls = [(method, path) for path, methods in document["paths"].items() for method in methods if "{" in path]
    assert len(calls) >= 13
    for method, path in calls:
        for bad in BAD_IDS:
            url = re.sub(r"\{[^}]+\}", bad, path)
            check_refusal(await organiser.request(method.upper(), url), 404, 405, 422)


@pytest.mark.parametrize("key", [b"", b"x" * 201, b"with blank", b"\xff", b"caf\xc3\xa9"])
async def test_an_idempotency_key_that_is_none(key: bytes, customer: Customer) -> None:
    body = {"hold_id": str(uuid4()), "payment_token": "tok_visa"}
    answer = await customer.request("POST", "/api/orders", json=body, headers={b"idempotency-key": key})

    check_refusal(answer, 422)


async def _chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    """A body whose length is not known in advance."""
    for chunk in chunks:
        yield chunk

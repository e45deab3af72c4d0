"""A process: one door for all its services, readiness, the bounds of what it takes in."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict
from sqlalchemy import MetaData

from chassis.errors import TYPE_PREFIX
from chassis.http.principals import COOKIE, CurrentPrincipal, OptionalPrincipal
from chassis.service.service import Service, create_service
from chassis.testing.app import App
from chassis.testing.databases import Databases

pytestmark = pytest.mark.timeout(60)


class Word(BaseModel):
    model_config = ConfigDict(extra="forbid")
    word: str


def speaking(name: str, *paths: str) -> Service:
    """A service that says its own name at every one of `paths`, and holds the line at `/hold`."""
    router = APIRouter()

    async def say() -> dict[str, str]:
        return {"service": name}

    async def repeat(word: Word) -> Word:
        return word

    async def hold() -> None:
        await asyncio.sleep(0.2)

    async def greet(who: OptionalPrincipal) -> dict[str, bool]:
        return {"signed_in": who is not None}

    async def mine(who: CurrentPrincipal) -> str:
        return str(who.account_id)

    router.get("/api/greeting")(greet)
    router.get("/api/mine")(mine)
    for path in paths:
        router.get(path)(say)
        router.post(path)(repeat)
    router.get("/api/hold")(hold)
    return create_service(name, paths=[*paths, "/api/hold", "/api/greeting", "/api/mine"], routers=[router])


ALPHA = speaking("alpha", "/api/words", "/api/words/{id}/echo")
BETA = speaking("beta", "/api/words/{id}")


@pytest.fixture
async def start(databases: Databases, run: Callable[..., Awaitable[App]]) -> Callable[..., Awaitable[App]]:
    async def start(*services: Service, **settings: object) -> App:
        for service in services:
            await databases.create(service.name, MetaData())
        return await run(*services, **settings)

    return start


@pytest.fixture
async def app(start: Callable[..., Awaitable[App]]) -> App:
    return await start(ALPHA, BETA)


@pytest.mark.parametrize(
    ("path", "service"), [("/api/words", "alpha"), ("/api/words/7", "beta"), ("/api/words/7/echo", "alpha")]
)
async def test_the_more_specific_path_decides_who_answers(app: App, path: str, service: str) -> None:
    answer = await app.client.get(path)
    assert answer.json() == {"service": service}
    assert answer.headers["x-served-by"] == f"{service}/test@local"
    assert answer.headers["x-version"] == app.process.settings.version


@pytest.mark.parametrize("path", ["/", "/api", "/api/wordsmith", "/internal/secret", "/docs", "/api/words/../../etc"])
async def test_what_nobody_serves_is_not_found(app: App, path: str) -> None:
    answer = await app.client.get(path)
    assert (answer.status_code, answer.json()["type"]) == (404, TYPE_PREFIX + "not-found")


@pytest.mark.parametrize(
    ("content", "headers", "status", "slug"),
    [
        (b'{"word": "hello"}', {"content-type": "text/plain"}, 415, "unsupported-media-type"),
        (b'{"word": "hello"', {"content-type": "application/json"}, 400, "malformed-json"),
        (b'{"word": "hello", "more": 1}', {"content-type": "application/json"}, 422, "invalid-input"),
        (b'{"word": "\xff"}', {"content-type": "application/json"}, 400, "malformed-json"),
        (b"a" * 65_537, {"content-type": "application/json"}, 413, "content-too-large"),
        (b"{}", {"content-type": "application/json", "origin": "https://evil.test"}, 403, "cross-origin"),
        (b"{}", {"content-type": "application/json", "sec-fetch-site": "cross-site"}, 403, "cross-origin"),
    ],
)
async def test_bad_input_is_refused_in_its_own_way(
    app: App, content: bytes, headers: dict[str, str], status: int, slug: str
) -> None:
    answer = await app.client.post("/api/words", content=content, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (status, TYPE_PREFIX + slug)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_in_chunks_is_bounded_too(app: App) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(70):
            yield b"a" * 1024

    answer = await app.client.post("/api/words", content=chunks(), headers={"content-type": "application/json"})
    assert answer.status_code == 413


async def test_what_is_too_much_is_refused_at_once_and_the_rest_is_served(start: Callable[..., Awaitable[App]]) -> None:
    app = await start(ALPHA, max_in_flight=2, max_queued=3)
    clients = [{"x-forwarded-for": f"192.0.2.{number}"} for number in range(10)]
    answers = await asyncio.gather(*(app.client.get("/api/hold", headers=each) for each in clients))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] * 5 + [503] * 5
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in answers if answer.status_code == 503)


async def test_a_process_that_is_told_to_go_is_not_ready_but_serves_on(app: App) -> None:
    assert (await app.client.get("/readyz")).status_code == 200
    app.process.draining.set()
    assert (await app.client.get("/readyz")).status_code == 503
    assert (await app.client.get("/livez")).status_code == 200
    answer = await app.client.get("/api/words")
    assert (answer.status_code, answer.headers["connection"]) == (200, "close")


async def test_a_connection_ends_after_some_answers_so_that_its_next_may_be_with_another_instance(
    start: Callable[..., Awaitable[App]],
) -> None:
    app = await start(ALPHA, answers_per_connection=5)
    answers = await asyncio.gather(*(app.client.get("/api/words") for _ in range(200)))
    last = [answer for answer in answers if answer.headers.get("connection") == "close"]
    assert {answer.status_code for answer in answers} == {200}
    assert 15 <= len(last) <= 80


async def test_without_redis_a_process_is_ready_for_what_needs_no_session(
    start: Callable[..., Awaitable[App]],
) -> None:
    app = await start(ALPHA, redis_url="redis://127.0.0.1:1/0")
    ready = await app.client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["checks"]["database alpha"] == "ok"
    assert ready.json()["checks"]["redis"] != "ok"
    answer = await app.client.get("/api/greeting", headers={"cookie": f"{COOKIE}=abc"})
    assert (answer.status_code, answer.json()) == (200, {"signed_in": False})
    assert (await app.client.get("/api/mine", headers={"cookie": f"{COOKIE}=abc"})).status_code == 503


@pytest.mark.parametrize(("away", "status"), [(["alpha"], 200), (["alpha", "beta"], 503)], ids=str)
async def test_a_process_is_ready_as_long_as_one_of_its_databases_answers(
    start: Callable[..., Awaitable[App]], away: list[str], status: int
) -> None:
    app = await start(ALPHA, BETA)
    for name in away:
        await app.runtime(name).database.close()
        app.runtime(name).database._target["port"] = 1
    ready = await app.client.get("/readyz")
    assert ready.status_code == status
    missing = {name for name, outcome in ready.json()["checks"].items() if outcome != "ok"}
    assert missing == {f"database {name}" for name in away}
    assert (await app.client.get("/livez")).status_code == 200


async def test_metrics_count_requests_by_service(app: App) -> None:
    await app.client.get("/api/words")
    assert (
        'http_request_seconds_count{method="GET",service="alpha",status="200"}'
        in (await app.client.get("/metrics")).text
    )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/docs", 200),
        ("GET", "/api/docs/swagger-ui.css", 200),
        ("HEAD", "/api/openapi.json", 200),
        ("OPTIONS", "/api/docs", 204),
        ("POST", "/api/docs", 405),
        ("GET", "/api/docs/../errors.py", 404),
        ("GET", "/api/docs/icons/../../errors.py", 404),
        ("GET", "/api/docs/icons", 404),
        ("GET", "/api/nothing", 404),
        ("PUT", "/api/words", 405),
        ("GET", "/api/words?x=1", 422),
        ("GET", "/api/words/", 404),
    ],
)
async def test_every_answer_says_where_it_comes_from(app: App, method: str, path: str, status: int) -> None:
    answer = await app.client.request(method, path)
    assert answer.status_code == status
    assert re.fullmatch(r"\w+/test@local", answer.headers["x-served-by"])
    assert ("allow" in answer.headers) == (status in (204, 405))


async def test_files_of_the_page_are_kept_until_they_change(app: App) -> None:
    first = await app.client.get("/api/docs/swagger-ui.css")
    again = await app.client.get("/api/docs/swagger-ui.css", headers={"if-none-match": first.headers["etag"]})
    assert (first.headers["content-type"], first.headers["cache-control"]) == ("text/css; charset=utf-8", "no-cache")
    assert (again.status_code, again.content) == (304, b"")

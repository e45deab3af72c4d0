"""A call to another service: the same answers in process and over HTTP."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request, Response

from chassis.calls.client import Calls
from chassis.calls.deadlines import remaining, set_deadline
from chassis.calls.discovery import StaticResolver
from chassis.errors import NotFound, Unavailable
from chassis.http import problems
from chassis.observability.trace_context import new_traceparent, trace_context
from engines.local.ports import free_port
from support.http import serving

pytestmark = pytest.mark.timeout(30)


def other_service() -> FastAPI:
    app = FastAPI()
    problems.install(app)
    router = APIRouter()

    @router.post("/echo")
    async def echo(request: Request) -> dict[str, object]:
        return {"query": str(request.query_params), "body": await request.json(), **request.headers}

    @router.get("/missing")
    async def missing() -> None:
        raise NotFound("no such thing")

    @router.get("/broken")
    async def broken() -> None:
        raise RuntimeError("secret detail")

    @router.get("/slow")
    async def slow() -> None:
        await asyncio.sleep(5)

    @router.delete("/thing")
    async def delete() -> Response:
        return Response(status_code=204)

    app.include_router(router)
    return app


@asynccontextmanager
async def hanging_up(*, after_seconds: float = 0) -> AsyncIterator[tuple[str, list[httpx.Request]]]:
    """An instance that takes requests and answers none of them: its URL, and what it was sent."""
    requests: list[httpx.Request] = []

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        headers = [(name, value) for name, _, value in (line.partition(": ") for line in lines if line)]
        requests.append(httpx.Request(first.split()[0], "http://here", headers=headers))
        await asyncio.sleep(after_seconds)
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        yield "http://{}:{}".format(*server.sockets[0].getsockname()), requests


@pytest.fixture(params=["in process", "over http"])
async def calls(request: pytest.FixtureRequest) -> AsyncIterator[Calls]:
    if request.param == "in process":
        calls = Calls(StaticResolver({}), local={"other": other_service()})
        yield calls
        return
    async with serving(other_service()) as url:
        calls = Calls(StaticResolver({"other": (url,)}))
        yield calls
        await calls.close()


async def test_method_query_body_and_trace_arrive(calls: Calls) -> None:
    trace = new_traceparent()
    with trace_context(trace):
        reply = await calls.request("other", "POST", "/echo?a=1&b=%C3%A9", json={"n": [1, None]})
    heard = reply.json()
    assert (reply.status, heard["query"], heard["body"]) == (200, "a=1&b=%C3%A9", {"n": [1, None]})
    assert (heard["traceparent"], heard["content-type"]) == (trace, "application/json")


async def test_an_answer_is_an_answer_whatever_its_status(calls: Calls) -> None:
    missing = await calls.request("other", "GET", "/missing")
    assert (missing.status, missing.json()["detail"]) == (404, "no such thing")
    assert missing.headers["content-type"] == "application/problem+json"
    gone = await calls.request("other", "DELETE", "/thing")
    assert (gone.status, gone.body) == (204, b"")


async def test_a_failure_over_there_is_a_500_here(calls: Calls) -> None:
    reply = await calls.request("other", "GET", "/broken")
    assert reply.status == 500
    assert b"secret" not in reply.body


async def test_no_answer_in_time_is_unavailable(calls: Calls) -> None:
    started = time.monotonic()
    with pytest.raises(Unavailable, match="other does not answer"):
        await calls.request("other", "GET", "/slow", timeout=0.2)
    assert time.monotonic() - started < 1


async def test_a_request_says_how_long_its_caller_waits() -> None:
    async with serving(other_service()) as url:
        calls = Calls(StaticResolver({"other": (url,)}))
        heard = (await calls.request("other", "POST", "/echo", json={}, timeout=0.7)).json()
        assert 0 < int(heard["x-timeout-ms"]) <= 700
        await calls.close()


async def test_nobody_is_asked_for_longer_than_our_own_caller_waits(calls: Calls) -> None:
    started = time.monotonic()
    set_deadline(b"100")
    with pytest.raises(Unavailable):
        await calls.request("other", "GET", "/slow")
    assert time.monotonic() - started < 1


async def test_an_instance_that_is_gone_is_left_for_another() -> None:
    """Nothing has reached it, so that this goes for changes too."""
    async with serving(other_service()) as url:
        calls = Calls(StaticResolver({"other": (f"http://127.0.0.1:{free_port()}", url)}))
        answers = [await calls.request("other", "POST", "/echo", json={}) for _ in range(20)]
        assert {each.status for each in answers} == {200}
        await calls.close()


async def test_a_change_that_has_reached_an_instance_is_never_sent_again() -> None:
    for method, attempts in (("POST", 1), ("GET", 2)):
        async with hanging_up() as (url, requests):
            calls = Calls(StaticResolver({"other": (url,)}))
            with pytest.raises(Unavailable):
                await calls.request("other", method, "/")
            await calls.close()
        assert len(requests) == attempts


async def test_a_retry_says_how_long_is_left() -> None:
    async with hanging_up(after_seconds=0.2) as (url, requests):
        calls = Calls(StaticResolver({"other": (url,)}))
        with pytest.raises(Unavailable):
            await calls.request("other", "GET", "/", timeout=5)
        await calls.close()
    first, second = (int(request.headers["x-timeout-ms"]) for request in requests)
    assert second <= first - 200


async def test_without_time_for_it_there_is_no_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.calls.client.RETRY_AFTER_SECONDS", (10, 10))
    async with hanging_up() as (url, requests):
        calls = Calls(StaticResolver({"other": (url,)}))
        with pytest.raises(Unavailable) as raised:
            await calls.request("other", "GET", "/", timeout=5)
        await calls.close()
    assert isinstance(raised.value.__cause__, httpx.TransportError), "what went wrong, and not that time ran out"
    assert len(requests) == 1


async def test_a_service_that_fails_does_not_use_up_the_retries_of_another() -> None:
    async with hanging_up() as (failing, _), hanging_up() as (other, requests):
        calls = Calls(StaticResolver({"failing": (failing,), "other": (other,)}))
        for service, times in (("failing", 15), ("other", 1)):
            for _ in range(times):
                with pytest.raises(Unavailable):
                    await calls.request(service, "GET", "/")
        await calls.close()
    assert len(requests) == 2


async def test_a_call_in_process_bounds_the_calls_that_it_makes() -> None:
    router = APIRouter()

    @router.get("/left")
    async def left() -> float:
        return remaining()

    app = FastAPI()
    app.include_router(router)
    calls = Calls(StaticResolver({}), local={"other": app})
    assert 0 < (await calls.request("other", "GET", "/left", timeout=5)).json() <= 5
    assert remaining(60) == 60


async def test_a_service_that_nobody_knows_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="no instance of other is known"):
        await Calls(StaticResolver({})).request("other", "GET", "/")


async def test_a_service_where_nobody_listens_is_unavailable() -> None:
    calls = Calls(StaticResolver({"other": (f"http://127.0.0.1:{free_port()}",)}))
    with pytest.raises(Unavailable, match="other does not answer"):
        await calls.request("other", "GET", "/")
    await calls.close()

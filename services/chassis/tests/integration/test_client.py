"""A call to another service: the same answers in process and over HTTP."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from fastapi import APIRouter, FastAPI, Request, Response

from chassis import errors
from chassis.client import Calls
from chassis.deadlines import set_deadline
from chassis.discovery import StaticResolver
from chassis.errors import NotFound, Unavailable
from chassis.telemetry import new_traceparent, trace_context
from engines.local.ports import free_port
from support.http import serving

pytestmark = pytest.mark.timeout(30)


def other_service() -> FastAPI:
    app = FastAPI()
    errors.install(app)
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


@pytest.fixture(params=["in process", "over http"])
async def calls(request: pytest.FixtureRequest) -> AsyncIterator[Calls]:
    if request.param == "in process":
        calls = Calls(StaticResolver({}))
        calls.local["other"] = other_service()
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
    connections: list[asyncio.StreamWriter] = []

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        url = "http://{}:{}".format(*server.sockets[0].getsockname())
        for method, attempts in (("POST", 1), ("GET", 2)):
            calls = Calls(StaticResolver({"other": (url,)}))
            with pytest.raises(Unavailable):
                await calls.request("other", method, "/")
            assert len(connections) == attempts
            connections.clear()
            await calls.close()


async def test_a_service_that_nobody_knows_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="no instance of other is known"):
        await Calls(StaticResolver({})).request("other", "GET", "/")


async def test_a_service_where_nobody_listens_is_unavailable() -> None:
    calls = Calls(StaticResolver({"other": (f"http://127.0.0.1:{free_port()}",)}))
    with pytest.raises(Unavailable, match="other does not answer"):
        await calls.request("other", "GET", "/")
    await calls.close()

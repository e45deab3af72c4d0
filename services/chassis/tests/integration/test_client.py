"""A call to another service: the same answers in process and over HTTP."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from fastapi import APIRouter, FastAPI, Request, Response

from chassis import errors
from chassis.client import Calls
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


async def test_a_service_that_nobody_knows_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="no instance of other is known"):
        await Calls(StaticResolver({})).request("other", "GET", "/")


async def test_a_service_where_nobody_listens_is_unavailable() -> None:
    calls = Calls(StaticResolver({"other": (f"http://127.0.0.1:{free_port()}",)}))
    with pytest.raises(Unavailable, match="other does not answer"):
        await calls.request("other", "GET", "/")
    await calls.close()

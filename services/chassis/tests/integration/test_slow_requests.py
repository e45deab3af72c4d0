"""A request that took long is a line of the log, under the trace that its caller began."""

import logging
from collections.abc import Awaitable, Callable, Iterator

import pytest
from fastapi import APIRouter
from sqlalchemy import MetaData

from chassis.observability.trace_context import new_traceparent, trace_id
from chassis.service.service import Service, create_service
from chassis.testing.app import App
from chassis.testing.databases import Databases

Lines = list[tuple[str, logging.LogRecord]]


def talkative() -> Service:
    router = APIRouter()

    @router.get("/api/words/{word}")
    async def say(word: str, secret: str = "") -> str:
        return word + secret

    return create_service("words", paths=["/api/words"], routers=[router])


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What the dispatcher logs, each with the trace it is part of."""
    lines: Lines = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append((trace_id(), record))

    handler, log = Keep(), logging.getLogger("chassis.http.dispatcher")
    log.addHandler(handler)
    yield lines
    log.removeHandler(handler)


@pytest.mark.parametrize(("limit", "logged"), [(0.0, True), (60.0, False)])
async def test_only_what_is_slow_is_logged(
    run: Callable[..., Awaitable[App]], databases: Databases, lines: Lines, limit: float, logged: bool
) -> None:
    await databases.create("words", MetaData())
    app = await run(talkative(), slow_request_seconds=limit)
    began = new_traceparent()
    answer = await app.client.get("/api/words/hello?secret=1", headers={"traceparent": began})
    assert answer.json() == "hello1"
    told = [(trace, vars(record)) for trace, record in lines]
    assert [trace for trace, _ in told] == [began.split("-")[1]] * logged
    for _, line in told:
        assert (line["service"], line["method"], line["path"]) == ("words", "GET", "/api/words/hello")
        assert line["status"] == 200
        assert line["seconds"] > 0

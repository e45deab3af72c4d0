"""Whatever the bytes of a request are: no answer is a 5xx, and nothing odd is kept."""

import os
from collections.abc import Awaitable, Callable

import httpx
import pytest
from fastapi import APIRouter, Request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import MetaData, delete, func, select

from chassis.calls.deadlines import remaining
from chassis.database.tables import event_log
from chassis.http.dispatcher import LISTS, PUBLIC_HEADERS, SINGLE
from chassis.http.origin import remote_address
from chassis.http.principals import OptionalPrincipal
from chassis.messaging import outbox
from chassis.messaging.events import Event
from chassis.messaging.personal import PublicText
from chassis.observability.trace_context import as_traceparent
from chassis.service.runtime import RuntimeDep
from chassis.service.service import create_service
from chassis.testing.app import App
from chassis.testing.databases import Databases
from support.http import serving
from support.wire import wire

EXAMPLES = int(os.environ.get("TEST_EXAMPLES", "150"))
NAMES = [
    *("accept", "accept-encoding", "baggage", "connection", "content-length", "content-type", "cookie", "expect"),
    *("forwarded", "host", "if-none-match", "idempotency-key", "last-event-id", "origin", "range", "sec-fetch-site"),
    *("te", "traceparent", "tracestate", "trailer", "upgrade", "user-agent", "via", "x-forwarded-for"),
    *("x-forwarded-host", "x-forwarded-proto", "x-real-ip", "x-served-by", "x-timeout-ms"),
]
NUMBERS = st.sampled_from(["9" * 320, "-1", "1_0", "1e9", "٣", "²", "0x10", "", "18446744073709551616"])
VALUES = st.one_of(
    st.binary(max_size=300),
    NUMBERS.map(str.encode),
    st.just(b"\xe9" * 15_000),
    st.just(b"9" * 16_000),
    st.from_regex(rb"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-fA-F]{2}[^\x00]?", fullmatch=True),
    st.from_regex(rb"__Host-session=[^\x00]{0,40}", fullmatch=True),
)
HEADERS = st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=6)


class Seen(Event, topic="door", type="door.seen", key="remote"):
    remote: PublicText


router = APIRouter()


@router.post("/api/door")
@router.get("/api/door")
async def knock(request: Request, runtime: RuntimeDep, principal: OptionalPrincipal) -> dict[str, float]:
    async with runtime.database.transaction() as tx:
        await outbox.append(tx, Seen(remote=remote_address(request)))
    return {"left": remaining(60.0), "headers": len(request.headers)}


DOOR = create_service("door", paths=["/api/door", "/internal/door"], routers=[router])


@pytest.fixture
async def app(databases: Databases, run: Callable[..., Awaitable[App]]) -> App:
    await databases.create("door", MetaData())
    return await run(DOOR, max_body_seconds=0.5)


async def kept(app: App) -> list[str]:
    """The traces that are in the log, which is empty afterwards."""
    async with app.runtime("door").database.transaction() as tx:
        return list((await tx.execute(delete(event_log).returning(event_log.c.traceparent))).scalars())


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(headers=HEADERS, method=st.sampled_from(["GET", "POST", "DELETE"]))
async def test_no_header_makes_the_process_fail(app: App, method: str, headers: list[tuple[str, bytes]]) -> None:
    answer = await _send(app, method, headers)

    assert answer < 500
    assert all(as_traceparent(each) == each for each in await kept(app))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(SINGLE)), values=st.lists(VALUES, min_size=2, max_size=3), others=HEADERS)
async def test_a_header_with_one_value_is_refused_where_it_comes_twice(
    app: App, name: bytes, values: list[bytes], others: list[tuple[str, bytes]]
) -> None:
    headers = [*((name.decode(), value) for value in values), *others]
    from_outside = ("/api/door",) if name in PUBLIC_HEADERS else ()  # there the others are dropped, however many
    for path in (*from_outside, "/internal/door"):
        assert await _send(app, "POST", sorted(headers, key=lambda each: each[1]), path=path) == 400
    assert await kept(app) == []


@pytest.mark.parametrize("name", sorted(LISTS - {b"transfer-encoding"}))
async def test_a_header_with_a_list_may_come_in_several_lines(app: App, name: bytes) -> None:
    assert await _send(app, "GET", [(name.decode(), b"a"), (name.decode(), b"b")]) == 200


async def _send(app: App, method: str, headers: list[tuple[str, bytes]], *, path: str = "/api/door") -> int:
    """The status of a request whose headers are just these: no client library has looked at them."""
    status: list[int] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value) for name, value in headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 1),
        "state": {},
    }

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            status.append(int(str(message["status"])))

    await app.process(scope, receive, send)  # type: ignore[arg-type]
    return status[0]


async def test_a_caller_from_outside_sets_no_deadline(app: App) -> None:
    answer = await app.client.get("/api/door", headers={"x-timeout-ms": "1", "x-anything": "1", "baggage": "a=b"})
    assert answer.json()["left"] == 60.0
    assert answer.json()["headers"] < len(answer.request.headers) - 2


async def test_a_good_trace_goes_on_and_another_is_begun_afresh(app: App) -> None:
    good = f"00-{'a' * 32}-{'b' * 16}-01"
    for sent in (good, good.upper(), good + "x" * 16_000):
        await app.client.get("/api/door", headers={"traceparent": sent})
    [first, *others] = await kept(app)
    assert first == good
    assert all(as_traceparent(each) == each != good for each in others)


POST = b"POST /api/door HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n"


async def test_slow_bodies_leave_the_places_to_others(run: Callable[..., Awaitable[App]], databases: Databases) -> None:
    await databases.create("door", MetaData())
    app = await run(DOOR, max_in_flight=2, max_queued=0)
    async with serving(app.process) as url, wire(url) as one, wire(url) as two, wire(url) as three:
        for each in (one, two, three):
            await each.send(POST + b"content-length: 9\r\n\r\n{")
        async with httpx.AsyncClient(trust_env=False) as other:
            assert (await other.get(f"{url}/api/door")).status_code == 200
            assert (await other.post(f"{url}/api/door")).status_code == 200


async def test_a_body_that_does_not_come_is_refused_after_its_time(app: App) -> None:
    async with serving(app.process) as url, wire(url) as slow:
        await slow.send(POST + b"content-length: 9\r\n\r\n{")
        assert await slow.status() == 408


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (POST, 413),
        (POST + b"origin: https://evil.test\r\n", 403),
        (POST.replace(b"/api/door", b"/api/nothing"), 404),
        (POST.replace(b"/api/door", b"/livez"), 200),
        (POST.replace(b"/api/door", b"/api/docs"), 405),
    ],
    ids=["413", "403", "404", "livez", "docs"],
)
@pytest.mark.parametrize("framing", [b"content-length: 2000000", b"transfer-encoding: chunked"])
async def test_a_client_that_sends_all_before_it_reads_sees_its_refusal(
    app: App, framing: bytes, head: bytes, status: int
) -> None:
    size = 2_000_000 if framing.startswith(b"content") else 40_000
    chunk = b"1" * size if framing.startswith(b"content") else b"%x\r\n%b\r\n" % (size, b"1" * size) * 50 + b"0\r\n\r\n"
    async with serving(app.process) as url, wire(url) as client:
        await client.send(head + framing + b"\r\n\r\n" + chunk)
        assert await client.status() == status


async def test_nothing_of_a_request_that_is_cut_is_done(app: App) -> None:
    async with serving(app.process) as url:
        async with wire(url) as client:
            await client.send(POST + b"content-length: 9\r\n\r\n{")
        async with httpx.AsyncClient(trust_env=False) as other:
            assert (await other.get(f"{url}/api/door")).status_code == 200
    async with app.runtime("door").database.reading() as connection:
        assert (await connection.execute(select(func.count()).select_from(event_log))).scalar_one() == 1

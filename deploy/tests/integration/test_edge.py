"""The edge with clients that are broken, slow or lie: the instances behind it are out of their reach."""

import asyncio
import json
import ssl
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from chassis.errors import Problem
from chassis.http.bodies import Body, ClientLeft
from chassis.testing import eventually
from engines.local.edge import Edge
from engines.local.ports import free_port
from engines.local.servers import start_server
from support.frames import framed, get, opening
from support.http import serving
from support.wire import Wire, request, wire

PATIENCE = 2.0
LARGE = 4_000_000
"""More bytes than the sockets of a connection hold."""
JSON = "content-type: application/json"


class TestEdge(Edge):
    """Its patience is short."""

    __test__ = False

    def environment(self) -> Mapping[str, str]:
        return {**super().environment(), "EDGE_PATIENCE": f"{PATIENCE:g}s", "EDGE_REQUESTS": "4"}


@dataclass
class Instance:
    """An instance behind the edge: reads bodies as the app does, and tells what it saw."""

    name: str
    seen: list[dict[str, str]] = field(default_factory=list)
    at_work: int = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        body = Body(dict(scope["headers"]), receive, send)
        if scope["path"] != "/readyz":
            self.seen.append(headers)
        self.at_work += 1
        try:
            await body.read(most=65_536, seconds=10)
            await self._answer(scope["path"], body)
        except ClientLeft:
            return
        except Problem as problem:
            await problem.render()(scope, body.receive, body.send)
        finally:
            self.at_work -= 1

    async def _answer(self, path: str, body: Body) -> None:
        kind = b"text/event-stream" if path.endswith("/stream") else b"text/plain"
        answer = b"x" * LARGE if path.endswith("/large") else self.name.encode()
        headers = [(b"content-type", kind)]
        if not path.endswith("/stream"):
            headers.append((b"content-length", str(len(answer)).encode()))
        status = 204 if path.endswith("/empty") else 200
        await body.send({"type": "http.response.start", "status": status, "headers": headers if status == 200 else []})
        for _ in range(100 if path.endswith("/stream") else 0):
            await body.send({"type": "http.response.body", "body": b": beat\n\n", "more_body": True})
            await asyncio.sleep(0.1)
        await body.send({"type": "http.response.body", "body": answer if status == 200 else b"", "more_body": False})


@dataclass
class Site:
    """An edge with two instances behind it."""

    edge: Edge
    trust: ssl.SSLContext
    ports: list[int]
    instances: list[Instance] = field(default_factory=list)
    servers: list[AsyncExitStack] = field(default_factory=list)
    """What ends each of them."""

    @asynccontextmanager
    async def wire(self) -> AsyncIterator[Wire]:
        async with wire(self.edge.url, self.trust) as found:
            yield found

    def browser(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(trust_env=False, base_url=self.edge.url, verify=self.trust, timeout=10)

    def seen(self) -> list[dict[str, str]]:
        return [each for instance in self.instances for each in instance.seen]


@pytest.fixture(scope="module", params=["all", "each"])
def edge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Edge, list[int]]]:
    """Either kind of route: to instances of the whole app, or to those of a service."""
    ports = [free_port()]
    ports.append(free_port(avoid=ports))
    places = [f"127.0.0.1:{port}" for port in ports]
    upstreams = {"all": places} if request.param == "all" else {"seats": places, "catalog": places}
    edge = TestEdge(
        tmp_path_factory.mktemp("edge"),
        free_port(avoid=ports),
        http_port=free_port(avoid=ports),
        upstreams=upstreams,
    )
    running = start_server(edge)
    yield edge, ports
    running.stop()


@pytest.fixture
async def site(edge: tuple[Edge, list[int]]) -> AsyncIterator[Site]:
    server, ports = edge
    site = Site(server, ssl.create_default_context(cafile=server.ca), ports, [Instance("one"), Instance("two")])
    async with AsyncExitStack() as stack:
        for instance, port in zip(site.instances, ports, strict=True):
            site.servers.append(await stack.enter_async_context(AsyncExitStack()))
            await site.servers[-1].enter_async_context(serving(instance, port))
        async with site.browser() as browser:
            seen: set[str] = set()

            async def ask() -> set[str]:
                seen.add((await browser.get("/api/shows")).text)
                return seen

            await eventually(ask, lambda found: {"one", "two"} <= found)
        for instance in site.instances:
            instance.seen.clear()
        yield site


async def check_others(site: Site, *, seconds: float = 1.0) -> None:
    """Each request of somebody else is answered, and soon."""
    until = time.monotonic() + seconds
    async with site.browser() as browser:
        while time.monotonic() < until:
            for answer in (await browser.get("/api/shows"), await browser.post("/api/holds", json={})):
                assert answer.status_code == 200, answer.text


BROKEN = {
    "bad chunk": request("POST", "/api/shows", JSON, "transfer-encoding: chunked", body=b"zz\r\n"),
    "bad chunk later": request("POST", "/api/shows", JSON, "transfer-encoding: chunked", body=b"2\r\n{}\r\nzz\r\n"),
    "cut body": request("POST", "/api/shows", JSON, "content-length: 9", body=b"{"),
    "cut GET": request("GET", "/api/shows", "content-length: 9", body=b"{"),
    "cut long body": request("POST", "/api/shows", JSON, "content-length: 90000", body=b"{" * 70_000),
    "long trailer": request("POST", "/api/shows", "transfer-encoding: chunked", body=b"0\r\nx: " + b"y" * 99_000),
}


@pytest.mark.parametrize("what", BROKEN)
async def test_a_broken_client_is_not_a_broken_instance(site: Site, what: str) -> None:
    async def break_once() -> None:
        async with site.wire() as client:
            await client.send(BROKEN[what])
            await asyncio.sleep(0.02)  # the edge is at it
            client.cut()

    async def go_on() -> None:
        while True:
            await asyncio.gather(*(break_once() for _ in range(4)))

    attack = asyncio.create_task(go_on())
    try:
        await check_others(site)
    finally:
        attack.cancel()


async def test_an_instance_that_is_gone_is_not_noticed(site: Site) -> None:
    """It refuses connections from one moment to the next, and some requests come before its readiness was asked for."""
    await site.servers[0].aclose()
    await check_others(site)


async def test_slow_bodies_have_no_place_at_an_instance(site: Site) -> None:
    async with AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(site.wire()) for _ in range(40)]
        for number, each in enumerate(slow):
            path = ("/api/shows", "/api/performances/1/seats")[number % 2]
            await each.send(request("POST", path, JSON, "content-length: 9", body=b"{"))
        await check_others(site)
        assert not any(instance.at_work for instance in site.instances)


@pytest.mark.parametrize("framing", ["content-length: 9", "transfer-encoding: chunked"])
async def test_a_slow_body_is_refused(site: Site, framing: str) -> None:
    async with site.wire() as client:
        await client.send(request("POST", "/api/shows", JSON, framing))
        assert await client.status() == 408


async def test_slow_readers_have_no_place_at_an_instance(site: Site) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(30):
            client = await stack.enter_async_context(site.wire())
            client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # what asyncio has
            await client.send(request("GET", "/api/shows/large"))
        await check_others(site)


async def test_answers_that_are_not_taken_have_no_place_at_an_instance(site: Site) -> None:
    """A client of HTTP/2 may ask for many on one connection, and take none of them."""
    async with framed(site.edge.url, site.trust) as client:
        paths = ["/api/shows/large", "/api/shows"] * 20
        asked = (get(2 * number + 1, path, "localhost") for number, path in enumerate(paths))
        await client.send(opening(window=0) + b"".join(asked))

        async def seen() -> int:
            return len(site.seen())

        await eventually(seen, lambda count: count == 40)
        await check_others(site)


async def test_a_stream_outlasts_every_patience(site: Site) -> None:
    async with site.browser() as browser, browser.stream("GET", "/api/performances/1/seats/stream") as stream:
        began = time.monotonic()
        async for _ in stream.aiter_raw():
            if time.monotonic() - began > 2 * PATIENCE:
                break
        else:
            pytest.fail("the stream has ended")


async def test_a_connection_is_as_good_after_a_while(site: Site) -> None:
    """The time that an answer had does not end the one after the next pause."""
    async with site.wire() as client:
        await client.send(request("GET", "/api/shows/1"))
        assert await client.status() == 200
        await asyncio.sleep(PATIENCE + 0.5)
        await client.send(request("DELETE", "/api/shows/1/empty"))
        assert await client.status() == 204


@pytest.mark.parametrize("path", ["/api/shows", "/api/nothing", "/api/performances/1/seats"])
async def test_a_client_that_sends_all_before_it_reads_sees_its_refusal(site: Site, path: str) -> None:
    for framing, body in (
        ("content-length: 2000000", b"1" * 2_000_000),
        ("transfer-encoding: chunked", b"1e8480\r\n" + b"1" * 2_000_000 + b"\r\n0\r\n\r\n"),
    ):
        async with site.wire() as client:
            await client.send(request("POST", path, JSON, framing, body=body))
            assert await client.status() == 413


INSIDE = {
    "baggage": "user=1",
    "forwarded": "for=203.0.113.9",
    "tracestate": "a=b",
    "x-anything-of-later": "1",
    "x-forwarded-host": "evil.test",
    "x-forwarded-proto": "http",
    "x-real-ip": "203.0.113.9",
    "x-served-by": "evil",
    "x-timeout-ms": "9" * 320,
}


async def test_headers_of_the_inside_stay_outside(site: Site) -> None:
    async with site.browser() as browser:
        await browser.get("/api/shows", headers={**INSIDE, "x-forwarded-for": "203.0.113.9, 203.0.113.8"})
    [seen] = site.seen()
    assert not (INSIDE.keys() - {"x-forwarded-proto"}) & seen.keys()
    assert seen["x-forwarded-for"] == "127.0.0.1"
    assert seen["x-forwarded-proto"] == "https"


@pytest.mark.parametrize(
    ("sent", "passes"),
    [
        (f"00-{'a' * 32}-{'b' * 16}-01", True),
        (f"00-{'A' * 32}-{'b' * 16}-01", False),
        (f"00-{'a' * 32}-{'b' * 16}-01-more", False),
        ("x" * 9000, False),
    ],
)
async def test_a_trace_comes_in_by_the_grammar_of_w3c(site: Site, sent: str, passes: bool) -> None:
    async with site.browser() as browser:
        await browser.get("/api/shows", headers={"traceparent": sent})
    [seen] = site.seen()
    assert seen.get("traceparent") == (sent if passes else None)


async def test_headers_are_bounded(site: Site) -> None:
    async with site.wire() as client:
        await client.send(request("GET", "/api/shows", "x: " + "y" * 40_000))
        assert await client.status() == 431
    assert not site.seen()


async def plain(site: Site, method: str, path: str, host: str = "localhost") -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as browser:
        return await browser.request(method, f"http://127.0.0.1:{site.edge.http_port}{path}", headers={"host": host})


@pytest.mark.parametrize("path", ["/", "/shows/1?q=a", "/assets/x.js"])
async def test_plain_http_shows_the_way_to_our_own_host(site: Site, path: str) -> None:
    answer = await plain(site, "GET", path)
    assert (answer.status_code, answer.headers["location"]) == (308, site.edge.url + path)


@pytest.mark.parametrize(
    "host", ["evil.test", "localhost.evil.test", "127.0.0.1", "evil.test:8080", "localhost@evil.test"]
)
async def test_plain_http_leads_to_no_other_host(site: Site, host: str) -> None:
    for path in ("/", "/api/shows", "//evil.test/"):
        answer = await plain(site, "GET", path, host)
        assert answer.status_code in (400, 421)
        assert "location" not in answer.headers


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/shows?q=1", "/API/shows", "//api/shows", "/%61pi/shows"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_the_api_is_refused_without_tls(site: Site, method: str, path: str) -> None:
    answer = await plain(site, method, path)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith("/https-required")


async def test_the_access_log_names_requests_and_no_person(site: Site) -> None:
    secret = "ada@example.org"
    async with site.browser() as browser:
        await browser.get(
            f"/api/shows?email={secret}",
            headers={"cookie": f"session={secret}", "user-agent": secret, "referer": secret, "authorization": secret},
        )

    async def written() -> list[dict[str, Any]]:
        lines = site.edge.log.read_text().splitlines()
        entries = [json.loads(each) for each in lines if each.startswith("{")]
        return [each for each in entries if each.get("logger", "").startswith("http.log.access")]

    [*_, entry] = await eventually(written)
    assert (entry["request"]["method"], entry["request"]["uri"], entry["status"]) == ("GET", "/api/shows", 200)
    assert entry["request"]["client_ip"] == "127.0.0.0"
    assert secret not in site.edge.log.read_text()

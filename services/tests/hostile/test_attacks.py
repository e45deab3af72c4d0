"""One client does its worst for a few seconds, and nobody else notices.

Each attack is bounded, comes from this machine and ends by itself. None of them is a flood: that takes the processors
of this machine, and not an instance. Whether others failed decides; their times are told.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import AsyncExitStack

import pytest

from support.customer import COOKIE, NewCustomer
from support.frames import continuation, framed, get, opening, reset
from support.others import Others
from support.shapes import Performance
from support.tier import Tier
from support.wire import GONE, Wire, request, wire

SECONDS = 2.0
OPENING_SECONDS = 8.0
JSON = "content-type: application/json"
PEOPLE = 3
LOOKING = ("/api/shows", "/api/openapi.json", "/")


class Attacker:
    """A stranger without a session."""

    def __init__(self, tier: Tier, performance: Performance) -> None:
        self.url = tier.url
        self.host = tier.url.removeprefix("https://")
        self.trust = ssl.create_default_context(cafile=tier.ca)
        self.seats = f"/api/performances/{performance.id}/seats"

    async def once(self, *data: bytes, then: float = 0.02) -> None:
        """Send `data` on a connection of its own, and break it off."""
        try:
            async with wire(self.url, self.trust) as client:
                for each in data:
                    await client.send(each)
                await asyncio.sleep(then)
        except GONE:
            return

    async def again_and_again(self, *requests: bytes, abreast: int = 10) -> None:
        """Send each of `requests` in turn, `abreast` at a time, until the time is over."""
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            for each in requests:
                await asyncio.gather(*(self.once(each) for _ in range(abreast)))

    async def hold(self, count: int, begin: Callable[[Wire, int], Awaitable[None]]) -> None:
        """Open `count` connections, or as many as a busy machine opens in time, begin something on each, and stay."""
        until = time.monotonic() + OPENING_SECONDS
        async with AsyncExitStack() as stack:
            for number in range(count):
                client = await stack.enter_async_context(wire(self.url, self.trust))
                await begin(client, number)
                if time.monotonic() > until:
                    break
            await asyncio.sleep(SECONDS)


@pytest.fixture
def attacker(tier: Tier, performance: Performance) -> Attacker:
    return Attacker(tier, performance)


@pytest.fixture
async def others(
    new_customer: NewCustomer,
    performance: Performance,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> AsyncIterator[Others]:
    """The test's own part is the attack: that others are served is seen at its end."""
    others = Others([await new_customer() for _ in range(PEOPLE)], performance)
    async with others.around():
        yield others
    with capsys.disabled():
        times = ", ".join(f"{phase} {seconds * 1000:.0f} ms" for phase, seconds in others.p95().items())
        print(f"\n{request.node.name}: {len(others.failed)} failed; p95 of others {times}")
    assert {"before", "during"} <= others.seconds.keys()
    assert others.failed == []


def bodies(path: str) -> Iterable[bytes]:
    chunked = "transfer-encoding: chunked"
    yield request("POST", path, JSON, chunked, body=b"zz\r\n")
    yield request("POST", path, JSON, chunked, body=b"2\r\n{}\r\nzz\r\n")
    yield request("POST", path, JSON, chunked, body=b"2\r\n{}\r\n0\r\nx: " + b"y" * 9000)
    yield request("POST", path, JSON, "content-length: 9", body=b"{")
    yield request("POST", path, JSON, "content-length: 90000", body=b"{" * 70_000)
    yield request("GET", path, "content-length: 9", body=b"{")
    yield request("DELETE", path, chunked, body=b"ffffffffffffffffff\r\n")


def oddities(host: str) -> Iterable[bytes]:
    """Requests that a server may take for something else than they are."""
    yield request(
        "GET", "/api/shows", "connection: upgrade", "upgrade: websocket", "sec-websocket-version: 13", host=host
    )
    yield request("GET", "/api/shows", "connection: upgrade, http2-settings", "upgrade: h2c", host=host)
    yield request("POST", "/api/holds", JSON, "content-length: 9", "expect: 100-continue", host=host)
    yield request(
        "POST", "/api/holds", JSON, "content-encoding: gzip", "content-length: 4", host=host, body=b"\x1f\x8b\x08\0"
    )
    yield request("POST", "/api/holds", JSON, "content-length: 2", "content-length: 3", host=host, body=b"{} ")
    yield request(
        "POST", "/api/holds", JSON, "content-length: 2", "transfer-encoding: chunked", host=host, body=b"0\r\n\r\n"
    )
    yield request("POST", "/api/holds", JSON, "transfer-encoding: gzip, chunked", host=host, body=b"0\r\n\r\n")
    yield request("GET", f"https://{host}/api/shows", host=host)
    yield request("GET", "http://evil.test/internal/", host=host)
    yield request("CONNECT", "evil.test:443", host=host)
    yield request("TRACE", "/api/shows", host=host)
    yield request("GET", "/api/shows/" + "a" * 12_000, host=host)
    yield request("GET", "/api/shows?" + "limit=1&" * 1500, host=host)
    yield request("GET", "/", "range: bytes=" + ",".join(f"{n}-{n}" for n in range(500)), host=host)
    yield request("GET", "/api/openapi.json", "range: bytes=0-1", "te: trailers", host=host)


@pytest.mark.usefixtures("others")
class TestNobodyElseNotices:
    async def test_broken_bodies(self, attacker: Attacker) -> None:
        await attacker.again_and_again(*bodies("/api/holds"), *bodies("/api/shows"), *bodies(attacker.seats), abreast=4)

    async def test_slow_bodies(self, attacker: Attacker) -> None:
        async def begin(client: Wire, number: int) -> None:
            path = ("/api/accounts", "/api/shows", "/api/holds", "/api/orders", "/nothing")[number % 5]
            framing = ("content-length: 60000", "transfer-encoding: chunked")[number % 2]
            await client.send(request("POST", path, JSON, framing, body=b"{" if number % 2 == 0 else b"1\r\n{\r\n"))

        await attacker.hold(200, begin)

    async def test_slow_headers(self, attacker: Attacker) -> None:
        async def begin(client: Wire, number: int) -> None:
            await client.send(f"GET {LOOKING[number % 3]} HTTP/1.1\r\nhost: {attacker.host}\r\nx-slow: ".encode())

        await attacker.hold(200, begin)

    async def test_slow_readers(self, attacker: Attacker) -> None:
        """Each asks for a large answer several times and reads nothing of it."""

        async def begin(client: Wire, number: int) -> None:
            client.writer.transport.pause_reading()  # type: ignore[attr-defined]  # what asyncio has
            path = (attacker.seats, "/api/openapi.json", "/api/shows?limit=100")[number % 3]
            await client.send(request("GET", path, host=attacker.host) * 3)

        await attacker.hold(60, begin)

    async def test_answers_that_are_not_taken_by_http_2(self, attacker: Attacker) -> None:
        async with AsyncExitStack() as stack:
            for _ in range(10):
                client = await stack.enter_async_context(framed(attacker.url, attacker.trust))
                paths = [attacker.seats, "/api/openapi.json", "/api/shows"] * 4
                asked = (get(2 * number + 1, path, attacker.host) for number, path in enumerate(paths))
                await client.send(opening(window=0) + b"".join(asked))
            await asyncio.sleep(SECONDS)

    async def test_requests_that_are_taken_back_by_http_2(self, attacker: Attacker) -> None:
        asked = [get(n, "/api/shows", attacker.host) + reset(n) for n in range(1, 201, 2)]
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            async with framed(attacker.url, attacker.trust) as client:
                await client.send(opening() + b"".join(asked))
                await asyncio.sleep(0.5)

    async def test_headers_without_an_end_by_http_2(self, attacker: Attacker) -> None:
        begun = get(1, "/api/shows", attacker.host, ended=False)
        more = continuation(1, b"\x00\x01x\x7f\xff\x01" + b"y" * 382) * 64
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            async with framed(attacker.url, attacker.trust) as client:
                await client.send(opening() + begun)
                for _ in range(50):
                    await client.send(more)

    async def test_odd_requests(self, attacker: Attacker) -> None:
        await attacker.again_and_again(*oddities(attacker.host), abreast=4)

    async def test_half_a_handshake(self, attacker: Attacker) -> None:
        attacker.url = attacker.url.replace("https", "http")

        async def begin(client: Wire, number: int) -> None:
            await client.send(b"\x16\x03\x01\x02\x00\x01\x00"[: number % 8])

        await attacker.hold(300, begin)

    async def test_streams_that_come_and_go(self, attacker: Attacker) -> None:
        await attacker.again_and_again(request("GET", f"{attacker.seats}/stream", host=attacker.host), abreast=20)

    async def test_streams(self, attacker: Attacker) -> None:
        statuses: list[asyncio.Task[int]] = []

        async def begin(client: Wire, number: int) -> None:
            await client.send(request("GET", f"{attacker.seats}/stream", host=attacker.host))
            statuses.append(asyncio.create_task(client.status()))

        await attacker.hold(420, begin)
        answered = set(await asyncio.gather(*statuses))
        assert answered <= {200, 429, 503, 0}
        assert 200 in answered

    async def test_headers_of_the_inside(self, attacker: Attacker) -> None:
        odd = ("x-timeout-ms: " + "9" * 320, "traceparent: " + "\xe9" * 15_000, "baggage: " + "a=b," * 2000)
        more = ("x-timeout-ms: 0", "x-forwarded-for: " + "1," * 3000, "cookie: " + "\xff" * 9000, "traceparent: 00")
        asked = [request("GET", "/api/accounts/me", each, host=attacker.host) for each in (*odd, *more)]
        async with wire(attacker.url, attacker.trust) as client:
            for each in asked:
                await client.send(each)
                assert 400 <= await client.status() < 500
        await attacker.again_and_again(*asked, abreast=5)

    async def test_too_many_headers(self, attacker: Attacker) -> None:
        many = [f"x-{number}: y" for number in range(3000)]
        await attacker.again_and_again(request("GET", "/api/shows", *many), request("GET", "/", "x: " + "y" * 900_000))

    async def test_large_bodies(self, attacker: Attacker) -> None:
        """Each is refused, and sees it."""
        body = b"[" + b"1," * 1_000_000 + b"1]"
        for path in ("/api/holds", "/api/shows", "/api/nothing"):
            for headers in ([JSON, f"content-length: {len(body)}"], [JSON, "transfer-encoding: chunked"]):
                data = body if "length" in headers[1] else b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
                async with wire(attacker.url, attacker.trust) as client:
                    await client.send(request("POST", path, *headers, host=attacker.host, body=data))
                    assert await client.status() in ((404, 405) if path == "/api/nothing" else (401, 405, 413))

    async def test_pipelines(self, attacker: Attacker) -> None:
        await attacker.again_and_again(request("GET", "/api/shows", host=attacker.host) * 20, abreast=2)

    @pytest.mark.parametrize("signed_in", [False, True], ids=["stranger", "customer"])
    async def test_good_requests_by_the_hundred(
        self, attacker: Attacker, new_customer: NewCustomer, signed_in: bool
    ) -> None:
        """Each connection asks for a hold or for the seats, again and again."""
        cookie = f"cookie: {COOKIE}={(await new_customer()).http.cookies[COOKIE]}" if signed_in else "accept: */*"
        hold = b'{"performance_id":"%b","seats":["B1"]}' % attacker.seats.split("/")[3].encode()
        begun = [
            request("GET", attacker.seats, cookie, host=attacker.host),
            request("POST", "/api/holds", JSON, cookie, f"content-length: {len(hold)}", host=attacker.host, body=hold),
        ]
        asking: list[asyncio.Task[None]] = []

        async def ask(client: Wire, asked: bytes) -> None:
            until = time.monotonic() + SECONDS
            status = 200
            while status and time.monotonic() < until:
                await client.send(asked)
                status = await client.status()
                assert status in (0, 200, 201, 401, 409, 422, 503)

        async def begin(client: Wire, number: int) -> None:
            asking.append(asyncio.create_task(ask(client, begun[number % 2])))

        await attacker.hold(300, begin)
        await asyncio.gather(*asking)

    async def test_connections(self, attacker: Attacker) -> None:
        async def begin(client: Wire, number: int) -> None:
            """Nothing: it is there."""

        await attacker.hold(400, begin)

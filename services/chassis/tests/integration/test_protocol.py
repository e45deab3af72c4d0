"""The headers of a request are bounded in size and time before the process looks at them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn

from chassis.http.protocol import bounded_protocol
from engines.local.ports import free_port
from support.wire import request, wire

pytestmark = pytest.mark.timeout(60)


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


@pytest.fixture
async def url() -> AsyncIterator[str]:
    port = free_port()
    protocol = bounded_protocol(8000, 0.3)
    server = uvicorn.Server(uvicorn.Config(hello, port=port, http=protocol, lifespan="off", log_config=None))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await task


@pytest.mark.parametrize("size", [10, 7000])
async def test_headers_of_a_usual_size_pass(url: str, size: int) -> None:
    async with wire(url) as client:
        for _ in range(3):
            await client.send(request("GET", "/", "x: " + "y" * size))
            assert await client.status() == 200


@pytest.mark.parametrize("rest", [b"y" * 100_000, b"\r\nx: y" * 20_000], ids=["one", "many"])
async def test_headers_without_an_end_are_refused(url: str, rest: bytes) -> None:
    async with wire(url) as client:
        await client.send(b"GET / HTTP/1.1\r\nhost: here\r\nx: ")
        for begin in range(0, len(rest), 5000):
            await client.send(rest[begin : begin + 5000])
            await asyncio.sleep(0)
        assert await client.status() in (431, 0)  # it may be closed while the rest is under way


async def test_headers_have_their_time(url: str) -> None:
    async with wire(url) as client:
        await client.send(b"GET / HTTP/1.1\r\nhost: he")
        assert await client.status() == 408


async def test_a_connection_may_wait_for_its_next_request(url: str) -> None:
    async with wire(url) as client:
        for _ in range(2):
            await client.send(request("GET", "/"))
            assert await client.status() == 200
            await asyncio.sleep(0.5)

"""A small HTTP/1.1 load generator: one request over kept-alive connections, too cheap to be the bottleneck."""

import asyncio
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Result:
    """Requests answered with a status below 400, others, and the time they took (seconds)."""

    answered: int
    failed: int
    seconds: float

    @property
    def per_second(self) -> float:
        return self.answered / self.seconds


class _Connection(asyncio.Protocol):
    """Sends the request again as soon as its answer is complete."""

    def __init__(self, request: bytes, deadline: float) -> None:
        self._request = request
        self._deadline = deadline
        self._buffer = b""
        self.answered = self.failed = 0
        self.closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: asyncio.Transport = transport  # type: ignore[assignment]
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        if len(self._buffer) < end + 4 + length:
            return
        if head[9:12] < b"400":
            self.answered += 1
        else:
            self.failed += 1
        self._buffer = b""
        if time.perf_counter() < self._deadline:
            self._transport.write(self._request)
        else:
            self._transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_result(None)


def get(path: str, headers: dict[str, str] | None = None) -> bytes:
    """The bytes of a GET request."""
    lines = [
        f"GET {path} HTTP/1.1",
        "Host: localhost",
        *(f"{name}: {value}" for name, value in (headers or {}).items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def run(port: int, request: bytes, *, connections: int = 32, seconds: float = 3.0) -> Result:
    """Send `request` to a server on this machine over `connections` at once for `seconds`."""
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    deadline = started + seconds
    made = [
        await loop.create_connection(lambda: _Connection(request, deadline), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.gather(*(connection.closed for _, connection in made))
    elapsed = time.perf_counter() - started
    return Result(
        sum(connection.answered for _, connection in made), sum(connection.failed for _, connection in made), elapsed
    )

"""A connection on which a test writes what it likes, as no client library would."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

GONE = (OSError, asyncio.IncompleteReadError, TimeoutError)
SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` by lower-case name."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Wire:
    """HTTP/1.1 by hand. What the other side refuses to take is no error: what it answers counts."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        with suppress(*GONE):
            self.writer.write(data)
            await asyncio.wait_for(self.writer.drain(), SECONDS)

    async def answer(self, *, seconds: float = SECONDS) -> Answer:
        """The next answer. Raises one of GONE where there is none."""
        async with asyncio.timeout(seconds):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.strip().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            size = int(headers.get("content-length", "0"))
            return Answer(int(first.split()[1]), headers, await self.reader.readexactly(size))

    async def status(self, *, seconds: float = SECONDS) -> int:
        """That of the next answer; 0 where there is none."""
        try:
            return (await self.answer(seconds=seconds)).status
        except GONE:
            return 0

    def cut(self) -> None:
        """End the connection in the middle of whatever it is at."""
        self.writer.transport.abort()


@asynccontextmanager
async def wire(url: str, trust: ssl.SSLContext | None = None) -> AsyncIterator[Wire]:
    """A connection to the host of `url`; `trust` is for https."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    reader, writer = await asyncio.open_connection(
        parts.hostname, parts.port or (443 if secure else 80), ssl=trust if secure else None
    )
    try:
        yield Wire(reader, writer)
    finally:
        writer.transport.abort()


def request(method: str, path: str, *headers: str, body: bytes = b"", host: str = "localhost") -> bytes:
    """A request; whether `body` is all that `headers` announce is up to the test."""
    lines = [f"{method} {path} HTTP/1.1", f"host: {host}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1") + body

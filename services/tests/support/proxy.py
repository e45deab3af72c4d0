"""A TCP proxy in front of a server: the server seems away, frozen or slow to those who come through it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

CHUNK = 64 * 1024


class Proxy:
    """Passes bytes on, unless it is told to refuse, freeze or slow down. Existing connections are affected too."""

    def __init__(self, url: str) -> None:
        """`url` of the server, e.g. `postgresql://127.0.0.1:5432/name`."""
        self._target = urlsplit(url)
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._refusing = False
        self.delay = 0.0
        """Seconds before each piece is passed on."""

    @property
    def url(self) -> str:
        """Of the server, by way of this proxy."""
        assert self._server
        port = self._server.sockets[0].getsockname()[1]
        return self._target._replace(netloc=f"127.0.0.1:{port}").geturl()

    def refuse(self) -> None:
        """End every connection, and each new one at once."""
        self._refusing = True
        self.cut()

    def cut(self) -> None:
        """End every connection, as an administrator does with `pg_terminate_backend`."""
        for writer in self._writers:
            writer.transport.abort()

    def freeze(self) -> None:
        """Pass nothing on: connections stay, new ones are taken, nothing is answered."""
        self._flowing.clear()

    def heal(self) -> None:
        """Pass everything on, at once."""
        self._refusing = False
        self.delay = 0.0
        self._flowing.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            if not self._refusing:
                inward, outward = await asyncio.open_connection(self._target.hostname, self._target.port)
                self._writers.add(outward)
                await asyncio.gather(self._pass_on(reader, outward), self._pass_on(inward, writer))
        except OSError:
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                if self.delay:
                    await asyncio.sleep(self.delay)
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
        self._writers.discard(writer)
        writer.transport.abort()


@asynccontextmanager
async def proxied(url: str) -> AsyncIterator[Proxy]:
    """A proxy in front of the server at `url`."""
    proxy = Proxy(url)
    proxy._server = await asyncio.start_server(proxy._serve, "127.0.0.1", 0)
    try:
        yield proxy
    finally:
        proxy.heal()
        proxy.cut()
        proxy._server.close()

"""Bodies of requests: complete before any work begins, and read on when the answer is a refusal.

A client that sends slowly costs a connection, and no place among the requests at work. A client that is refused while
it still sends gets to see the refusal: a connection that closes over what has not been read takes the answer with it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from chassis.errors import Problem
from chassis.numbers import as_number

LINGER_SECONDS = 5.0
LINGER_BYTES = 16 * 1024 * 1024
"""How much of a refused body is read, and for how long, before its answer. The edge lets through this much."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class TooLarge(Problem):
    status = 413
    slug = "content-too-large"


class TooSlow(Problem):
    """The body did not arrive in time."""

    status = 408
    slug = "request-timeout"


class BadLength(Problem):
    status = 400
    slug = "bad-request"


class RepeatedHeader(Problem):
    """A header that has one value came more than once: whichever were taken, another program may take the other."""

    status = 400
    slug = "repeated-header"


class ClientLeft(Exception):
    """The client closed its connection before its request was complete: no answer can reach it."""


class Body:
    """The body of one request. `receive` and `send` are what the application gets instead of the server's own."""

    __slots__ = ("_deadline", "_receive", "_send", "_waits", "complete", "length")

    def __init__(self, headers: Mapping[bytes, bytes], receive: Receive, send: Send) -> None:
        declared = headers.get(b"content-length")
        self.length = as_number(declared) if declared is not None else None
        """As declared; None without a declaration that can be read."""
        self.complete = self.length == 0 or (declared is None and b"transfer-encoding" not in headers)
        self._waits = headers.get(b"expect", b"").lower() == b"100-continue"  # the client sends when it is asked to
        self._receive = receive
        self._send = send
        self._deadline = asyncio.get_running_loop().time() + LINGER_SECONDS

    async def receive(self) -> Message:
        self._waits = False
        message = await self._receive()
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            self.complete = True
        return message

    async def read(self, *, most: int, seconds: float) -> Receive:
        """The whole body as an ASGI `receive`. Raises TooLarge, TooSlow, ClientLeft."""
        if self.complete:
            return self._receive
        body = bytearray()
        try:
            async with asyncio.timeout(seconds):
                while not self.complete:
                    message = await self.receive()
                    if message["type"] == "http.disconnect":
                        raise ClientLeft
                    body += message.get("body", b"")
                    if len(body) > most:
                        raise TooLarge(f"A body may have {most} bytes.")
        except TimeoutError:
            self._deadline = 0.0
            raise TooSlow(f"A body has to arrive within {seconds:g} seconds.") from None
        return self._replayed(bytes(body))

    async def send(self, message: Message) -> None:
        """Pass an answer on; what the client still sends is read before its first byte, within bounds."""
        if message["type"] == "http.response.start" and not self.complete:
            await self._drain()
            if not self.complete:
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
        await self._send(message)

    async def _drain(self) -> None:
        left = LINGER_BYTES
        if self._waits or (self.length or 0) > left:
            return
        try:
            async with asyncio.timeout_at(self._deadline):
                while not self.complete and left > 0:
                    left -= len((await self.receive()).get("body", b""))
        except TimeoutError:
            return

    def _replayed(self, body: bytes) -> Receive:
        given = False

        async def replay() -> Message:
            nonlocal given
            if given:
                return await self._receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        return replay

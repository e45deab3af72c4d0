"""HTTP/2 by hand: frames that no client library would send."""

import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from support.wire import Wire, wire

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADERS, RST_STREAM, SETTINGS, CONTINUATION = 0x1, 0x3, 0x4, 0x9
END_STREAM, END_HEADERS = 0x1, 0x4
INITIAL_WINDOW_SIZE = 0x4
CANCEL = 0x8


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


def opening(*, window: int = 65_535) -> bytes:
    """What a client sends first. `window` is how much of an answer it takes before it says that it takes more."""
    return PREFACE + frame(SETTINGS, 0, 0, struct.pack(">HI", INITIAL_WINDOW_SIZE, window))


def get(stream: int, path: str, authority: str, *, ended: bool = True) -> bytes:
    """A GET by HPACK without a table: `:method GET`, `:scheme https`, two literals; more follow if not `ended`."""
    literals = b"".join(bytes([index, len(text)]) + text.encode() for index, text in ((0x04, path), (0x01, authority)))
    return frame(HEADERS, END_STREAM | (END_HEADERS if ended else 0), stream, b"\x82\x87" + literals)


def continuation(stream: int, block: bytes) -> bytes:
    """More headers of a request, and not the last."""
    return frame(CONTINUATION, 0, stream, block)


def reset(stream: int) -> bytes:
    return frame(RST_STREAM, 0, stream, CANCEL.to_bytes(4))


@asynccontextmanager
async def framed(url: str, trust: ssl.SSLContext) -> AsyncIterator[Wire]:
    """A connection that has agreed on HTTP/2."""
    trust.set_alpn_protocols(["h2"])
    try:
        connecting = wire(url, trust)
        client = await connecting.__aenter__()
    finally:
        trust.set_alpn_protocols(["http/1.1"])
    try:
        yield client
    finally:
        await connecting.__aexit__(None, None, None)

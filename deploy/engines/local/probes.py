"""Questions to servers in their own protocol: an open port alone does not mean that somebody serves."""

import http.client
import json
import socket
import struct
from typing import Any

from engines.local.server import HOST

PROBE_SECONDS = 1.0


def exchange(port: int, question: bytes) -> bytes:
    """Send `question` and answer how the reply begins; empty when nobody answers."""
    try:
        with socket.create_connection((HOST, port), timeout=PROBE_SECONDS) as connection:
            connection.sendall(question)
            return connection.recv(4096)  # all of it: unread bytes would be a reset connection in the server's log
    except OSError:
        return b""


def postgres(port: int) -> bool:
    """Whether it goes on to ask for a password: while it starts or stops it answers with an error instead."""
    body = struct.pack("!I", 196608) + b"user\0postgres\0database\0postgres\0\0"
    return exchange(port, struct.pack("!I", len(body) + 4) + body)[:1] == b"R"


def redis(port: int) -> bool:
    """Whether it answers PING: while it loads its data it says LOADING instead."""
    return exchange(port, b"PING\r\n").startswith(b"+PONG")


def kafka(port: int) -> bool:
    """Whether it answers an ApiVersions request with the same correlation id."""
    correlation = 7
    body = struct.pack("!hhih", 18, 0, correlation, -1)
    answer = exchange(port, struct.pack("!i", len(body)) + body)
    return len(answer) >= 8 and struct.unpack_from("!ii", answer)[1] == correlation


def smtp(port: int) -> bool:
    return exchange(port, b"").startswith(b"220")


def http_status(port: int, path: str) -> int:
    """The status of `GET path`; 0 when nobody answers."""
    return http_json(port, "GET", path)[0]


def http_json(
    port: int, method: str, path: str, body: Any = None, *, seconds: float = PROBE_SECONDS
) -> tuple[int, Any]:
    """Status and decoded body (None unless it is JSON) of a request; status 0 when nobody answers."""
    connection = http.client.HTTPConnection(HOST, port, timeout=seconds)
    try:
        payload = None if body is None else json.dumps(body)
        connection.request(method, path, payload, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, _decoded(response.read())
    except (OSError, http.client.HTTPException):
        return 0, None
    finally:
        connection.close()


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None

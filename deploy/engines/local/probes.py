"""Questions to servers in their own protocol: an open port alone does not mean that somebody serves."""

import http.client
import json
import os
import socket
import struct
from pathlib import Path
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


def redis(port: int, *, user: str = "") -> bool:
    """Whether it answers PING, asked by a user without a password: while it loads its data it says LOADING instead."""
    login = f"AUTH {user} none\r\n".encode() if user else b""
    return exchange(port, login + b"PING\r\n").endswith(b"+PONG\r\n")


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


def unix_status(path: Path, resource: str) -> int:
    """The status of `GET resource` at a Unix socket; 0 when nobody answers. Relative, because the path of a socket may
    have a hundred characters, a folder's more.
    """
    connection = http.client.HTTPConnection("localhost", timeout=PROBE_SECONDS)
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(PROBE_SECONDS)
    try:
        connection.sock.connect(os.path.relpath(path))
        connection.request("GET", resource)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


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

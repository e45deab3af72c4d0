"""An edge that does everything wrong, on real sockets: the questions of the claim `tls` get it to say so."""

import socket
import ssl
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import httpx

from loadtests.proofs import handshakes
from loadtests.proofs.claims import tls

ANSWER = b"HTTP/1.1 200 OK\r\nSet-Cookie: session=1\r\nContent-Length: 6\r\nConnection: close\r\n\r\n# HELP"


async def test_plain_http_that_is_served() -> None:
    with careless_server(None) as port:
        async with httpx.AsyncClient(trust_env=False, base_url=f"http://127.0.0.1:{port}") as http:
            answer = await tls.ask_plainly(http, "GET", "/api/shows")

    assert not answer.serves_nothing
    assert (answer.status, answer.body, answer.cookie) == (200, "# HELP", "session=1")


def test_old_tls_that_is_spoken() -> None:
    with careless_server(antique()) as port:
        found = handshakes.with_all_versions("127.0.0.1", port, ca=None)

    assert set(found.old_spoken) == {"TLS 1.0", "TLS 1.1"}
    assert found.old_refused == []


def test_a_port_that_is_open_to_all() -> None:
    address = handshakes.own_address()
    if not address:
        return  # a machine without a network has no elsewhere
    with socket.create_server((address, 0)) as everywhere, socket.create_server(("127.0.0.1", 0)) as inside:
        ports = {"postgres": everywhere.getsockname()[1], "valkey": inside.getsockname()[1]}

        assert [found.split()[0] for found in handshakes.reachable_from_elsewhere(ports)] == ["postgres"]


def antique() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("aNULL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    return context


@contextmanager
def careless_server(context: ssl.SSLContext | None) -> Iterator[int]:
    """Answers every request with what is inside, and a cookie without any protection; the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=serve, args=(listener, context), daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def serve(listener: socket.socket, context: ssl.SSLContext | None) -> None:
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        with suppress(OSError), plain:
            connection = context.wrap_socket(plain, server_side=True) if context else plain
            if not context:
                connection.recv(4096)
                connection.sendall(ANSWER)

"""Asking an edge what a careful attacker would: old TLS, untidy paths, other ports."""

import socket
import ssl
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

SECONDS = 3.0
VERSIONS = {
    "TLS 1.0": ssl.TLSVersion.TLSv1,
    "TLS 1.1": ssl.TLSVersion.TLSv1_1,
    "TLS 1.2": ssl.TLSVersion.TLSv1_2,
    "TLS 1.3": ssl.TLSVersion.TLSv1_3,
}
OLD, NEW = ("TLS 1.0", "TLS 1.1"), ("TLS 1.2", "TLS 1.3")
SPOKEN = "spoken"
ANYTHING = "ALL:@SECLEVEL=0"
"""Ciphers of all times, those without a certificate too: so the probe's own server needs none."""


@dataclass(frozen=True, slots=True)
class Handshakes:
    """`answers`: by version `spoken`, or why not. `old_spoken`: what the probe itself can speak of the old ones."""

    answers: Mapping[str, str]
    old_spoken: Sequence[str]
    trusted_without_ca: bool

    @property
    def old_refused(self) -> list[str]:
        """Of those that the probe can speak."""
        return [version for version in self.old_spoken if self.answers[version] != SPOKEN]

    @property
    def new_spoken(self) -> list[str]:
        return [version for version in NEW if self.answers[version] == SPOKEN]


def with_all_versions(host: str, port: int, ca: str | None) -> Handshakes:
    """Shake hands with an edge in each version alone. Its name and certificate are checked in the versions of today."""
    answers = {version: _handshake(host, port, _speaking(version)) for version in OLD}
    for version in NEW:
        trust = ssl.create_default_context(cafile=ca)
        trust.minimum_version = trust.maximum_version = VERSIONS[version]
        answers[version] = _handshake(host, port, trust)
    with _antique() as antique:
        spoken = [version for version in OLD if _handshake("127.0.0.1", antique, _speaking(version)) == SPOKEN]
    without_ca = _handshake(host, port, ssl.create_default_context()) == SPOKEN if ca else False
    return Handshakes(answers, spoken, without_ca)


def ask_raw(url: str, ca: str | None, path: str) -> tuple[str, int, str]:
    """GET `path` in exactly these bytes; answers the path, the status and the begin of the body."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or 443
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    with (
        socket.create_connection((host, port), timeout=SECONDS) as plain,
        ssl.create_default_context(cafile=ca).wrap_socket(plain, server_hostname=host) as secure,
    ):
        secure.sendall(request.encode())
        with secure.makefile("rb") as stream:
            head, _, body = stream.read(20_000).partition(b"\r\n\r\n")
    return path, int(head.split(b" ", 2)[1]), " ".join(body.decode(errors="replace").split())[:60]


def reachable_from_elsewhere(ports: Mapping[str, int]) -> list[str]:
    """Which of these ports of this machine answer at another of its addresses than loopback."""
    address = own_address()
    found = []
    for name, port in ports.items() if address else ():
        with suppress(OSError), socket.create_connection((address, port), timeout=1):
            found.append(f"{name} at {address}:{port}")
    return found


def _handshake(host: str, port: int, context: ssl.SSLContext) -> str:
    try:
        with (
            socket.create_connection((host, port), timeout=SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host),
        ):
            return SPOKEN
    except ssl.SSLError as error:
        return f"refused: {error.reason or error}"
    except OSError as error:
        return f"refused: {error}"


def _speaking(version: str) -> ssl.SSLContext:
    """A client that speaks this version alone, and cares for nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    _set_old(context, version)
    return context


def _set_old(context: ssl.SSLContext, version: str) -> None:
    context.set_ciphers(ANYTHING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old versions are the point
        context.minimum_version = context.maximum_version = VERSIONS[version]


@contextmanager
def _antique() -> Iterator[int]:
    """A server on this machine that speaks all old versions, without a certificate; the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    thread = threading.Thread(target=_serve_antique, args=(listener,), daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(SECONDS)


def _serve_antique(listener: socket.socket) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers("aNULL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = VERSIONS["TLS 1.0"], VERSIONS["TLS 1.2"]
    while True:
        try:
            plain, _ = listener.accept()
        except OSError:
            return
        with suppress(OSError), plain, context.wrap_socket(plain, server_side=True):
            pass


def own_address() -> str:
    """An address of this machine on a network; empty when it has none. Nothing is sent."""
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        address = str(probe.getsockname()[0])
        return "" if address.startswith("127.") else address
    return ""

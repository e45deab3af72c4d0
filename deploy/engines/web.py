"""Requests of an operator to the stack's own servers. No proxy of the user's shell gets to see them."""

from urllib.request import ProxyHandler, Request, build_opener

DIRECT = build_opener(ProxyHandler({}))


def fetch(url: str, body: bytes | None = None, *, seconds: float = 10.0) -> bytes:
    """The body of the answer; with a `body` it is a POST. Raises OSError."""
    with DIRECT.open(Request(url, body), timeout=seconds) as answer:  # noqa: S310 - the address is ours
        content: bytes = answer.read()
        return content

"""Where a request comes from: the site whose page sent it, and the address of the client."""

import ipaddress
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from fastapi import Request

from chassis.errors import Forbidden
from chassis.observability.security import SecurityEvent

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class CrossOrigin(Forbidden):
    """A page of another site made the browser send a state-changing request."""

    slug = "cross-origin"
    title = "Sent from another site"
    security = SecurityEvent.POLICY


def is_same_origin(method: str, headers: Iterable[tuple[bytes, bytes]], allowed: Collection[str] = ()) -> bool:
    """Whether a request may change state: sent by our own pages, by an origin in `allowed`, or not by a browser's page.

    A browser says where a request comes from (`Sec-Fetch-Site`, `Origin`) and no script can change that, so a request
    with neither header is no page of another site. `headers` are an ASGI scope's: lower-case names, raw bytes.
    """
    if method in SAFE_METHODS:
        return True
    found = dict(headers)
    origin, site = found.get(b"origin"), found.get(b"sec-fetch-site")
    if site in (b"same-origin", b"none") or (site is None and origin is None):
        return True
    text = (origin or b"").decode("latin-1").lower()
    return text in allowed or (site is None and _is_own(text, found))


def _is_own(origin: str, headers: Mapping[bytes, bytes]) -> bool:
    """Whether `origin` is the host that the request was sent to, and the scheme where the edge tells it."""
    scheme, _, authority = origin.partition("://")
    host = headers.get(b"host", b"").decode("latin-1").lower()
    return bool(host) and authority == host and headers.get(b"x-forwarded-proto", scheme.encode()) == scheme.encode()


def last_hop(headers: Mapping[bytes, bytes], client: Sequence[Any] | None) -> str:
    """What stands for the client's address, unread: the hop that our edge appended to `X-Forwarded-For`, else the peer.

    Entries further left were sent by the client itself and prove nothing. `headers` are the last ones of each name;
    `client` is the ASGI scope's.
    """
    forwarded = headers.get(b"x-forwarded-for")
    return forwarded.decode("latin-1").rpartition(",")[2].strip() if forwarded else (client or ("",))[0]


def remote_address(request: Request) -> str:
    """The address of the client. An IPv6 client is its /64 network, the least that one customer of a provider holds."""
    peer = request.client.host if request.client else ""
    return place_of(last_hop(dict(request.scope["headers"]), request.client)) or peer


def place_of(text: str) -> str | None:
    """The address that `text` holds, of IPv6 its /64 network; None where it holds none."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if address.version == 6:
        mapped = address.ipv4_mapped
        return str(mapped or ipaddress.ip_network((int(address) >> 64 << 64, 64)))
    return str(address)

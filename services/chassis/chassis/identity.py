"""Who sends a request: the session behind its cookie, the role a route asks for, the site it was sent from."""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from chassis.broadcast import AWAY
from chassis.declared import raises
from chassis.errors import Forbidden, Unauthenticated
from chassis.runtime import runtime
from chassis.security import SecurityEvent, set_account
from chassis.sessions import Session

COOKIE = "__Host-session"
GLANCE_SECONDS = 0.5
"""How long a page for everybody waits to know who looks."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


@dataclass(frozen=True, slots=True)
class Principal:
    """The account that is signed in. `session_key` names its session (it is not the token)."""

    account_id: UUID
    roles: tuple[str, ...]
    jurisdiction: str
    session_key: str


class CrossOrigin(Forbidden):
    """A page of another site made the browser send a state-changing request."""

    slug = "cross-origin"
    title = "Sent from another site"
    security = SecurityEvent.POLICY


async def optional_principal(request: Request) -> Principal | None:
    """The signed-in account, or None, also where Redis is away: what needs no session is there without one.

    Asks Redis once, and only when the request carries a session cookie.
    """
    try:
        async with asyncio.timeout(GLANCE_SECONDS):
            session = await _load_session(request)
    except AWAY:
        return None
    return None if session is None else _principal_of(session)


OptionalPrincipal = Annotated[Principal | None, Depends(optional_principal)]


@raises(Unauthenticated)
async def current_session(request: Request) -> Session:
    """The session of this request, with all that is known of it; 401 without one."""
    session = await _load_session(request)
    if session is None:
        raise Unauthenticated
    return session


CurrentSession = Annotated[Session, Depends(current_session)]


@raises(Unauthenticated)
async def current_principal(request: Request) -> Principal:
    """The signed-in account; 401 without one."""
    return _principal_of(await current_session(request))


CurrentPrincipal = Annotated[Principal, Depends(current_principal)]


def requires_role(role: str) -> Callable[[Principal], Awaitable[Principal]]:
    """A dependency that answers 401 without a session and 403 without `role`.

    >>> Organiser = Annotated[Principal, Depends(requires_role("organiser"))]
    """

    @raises(Forbidden)
    async def check(principal: CurrentPrincipal) -> Principal:
        if role not in principal.roles:
            raise Forbidden(f"This needs the role {role}.")
        return principal

    return check


async def _load_session(request: Request) -> Session | None:
    token = request.cookies.get(COOKIE)
    session = await runtime(request).sessions.load(token) if token else None
    if session is not None:
        set_account(session.account_id)
    return session


def _principal_of(session: Session) -> Principal:
    return Principal(session.account_id, session.roles, session.jurisdiction, session.key)


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


def remote_address(request: Request) -> str:
    """The address of the client: the hop that our edge saw and appended to `X-Forwarded-For`, else the peer.

    Entries further left were sent by the client itself and prove nothing. An IPv6 client is its /64 network, the
    least that one customer of a provider holds.
    """
    hops = request.headers.getlist("x-forwarded-for")
    peer = request.client.host if request.client else ""
    candidate = hops[-1].rsplit(",", 1)[-1].strip() if hops else peer
    return place_of(candidate) or peer


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

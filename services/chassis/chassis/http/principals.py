"""Who sends a request: the account of the session behind its cookie, and the role that a route asks for."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from chassis.auth.sessions import Session
from chassis.errors import Forbidden, Unauthenticated
from chassis.http.declared import raises
from chassis.live.broadcast import AWAY
from chassis.observability.security import set_account
from chassis.service.runtime import runtime_for

COOKIE = "__Host-session"
GLANCE_SECONDS = 0.5
"""How long a page for everybody waits to know who looks."""


@dataclass(frozen=True, slots=True)
class Principal:
    """The account that is signed in. `session_key` names its session (it is not the token)."""

    account_id: UUID
    roles: tuple[str, ...]
    jurisdiction: str
    session_key: str


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
    session = await runtime_for(request).sessions.load(token) if token else None
    if session is not None:
        set_account(session.account_id)
    return session


def _principal_of(session: Session) -> Principal:
    return Principal(session.account_id, session.roles, session.jurisdiction, session.key)

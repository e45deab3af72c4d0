"""Routes of accounts and sessions."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from accounts import handlers
from accounts.schemas import AccountView, Credentials, Ids, People, Person, Registration, SessionView
from chassis.identity import COOKIE, CurrentPrincipal, CurrentSession, remote_address
from chassis.inputs import Text
from chassis.pagination import Page
from chassis.runtime import RuntimeDep

COOKIE_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"

SessionId = Annotated[Text, Path(max_length=64)]

router = APIRouter()
internal = APIRouter()


@router.post("/api/accounts", status_code=201, tags=["accounts"])
async def register(body: Registration, runtime: RuntimeDep, response: Response) -> AccountView:
    """Open an account. 409 `email-taken` when there is one with this address."""
    account = await handlers.register(runtime, **body.model_dump())
    response.headers["location"] = "/api/accounts/me"
    return AccountView.of(account)


@router.get("/api/accounts/me", tags=["accounts"])
async def profile(principal: CurrentPrincipal, runtime: RuntimeDep) -> AccountView:
    """The account that is signed in."""
    return AccountView.of(await handlers.profile(runtime.database, principal.account_id))


@router.delete("/api/accounts/me", status_code=204, tags=["accounts"])
async def erase(principal: CurrentPrincipal, runtime: RuntimeDep, response: Response) -> None:
    """Erase the account: its personal data goes from every service, and it is signed out everywhere."""
    await handlers.erase(runtime, principal.account_id)
    _clear_cookie(response)


@router.post("/api/sessions", status_code=201, tags=["sessions"])
async def sign_in(body: Credentials, request: Request, runtime: RuntimeDep, response: Response) -> SessionView:
    """Sign in. 401 `wrong-credentials`; 429 with Retry-After after repeated failures."""
    browser = handlers.Browser(
        remote=remote_address(request),
        user_agent=request.headers.get("user-agent", ""),
        token=request.cookies.get(COOKIE),
    )
    token, session = await handlers.sign_in(runtime, email=body.email, password=body.password, browser=browser)
    response.headers["set-cookie"] = f"{COOKIE}={token}; {COOKIE_ATTRIBUTES}"
    response.headers["location"] = "/api/sessions/current"
    return SessionView.of(session, current_key=session.key)


@router.get("/api/sessions", tags=["sessions"])
async def sessions(principal: CurrentPrincipal, runtime: RuntimeDep) -> Page[SessionView]:
    """Where this account is signed in, newest first."""
    found = await runtime.sessions.list(principal.account_id)
    return Page(items=[SessionView.of(session, current_key=principal.session_key) for session in found])


@router.get("/api/sessions/current", tags=["sessions"])
async def current_session(session: CurrentSession) -> SessionView:
    """The session of this request."""
    return SessionView.of(session, current_key=session.key)


@router.delete("/api/sessions/current", status_code=204, tags=["sessions"])
async def sign_out(principal: CurrentPrincipal, runtime: RuntimeDep, response: Response) -> None:
    """Sign out here."""
    await runtime.sessions.revoke(principal.session_key)
    _clear_cookie(response)


@router.delete("/api/sessions/{id}", status_code=204, tags=["sessions"])
async def sign_out_there(
    id: Annotated[Text, Path(max_length=64)], principal: CurrentPrincipal, runtime: RuntimeDep, response: Response
) -> None:
    """Sign out in one of the listed places."""
    ended = await handlers.sign_out(runtime.sessions, principal.account_id, id)
    if ended.key == principal.session_key:
        _clear_cookie(response)


@router.delete("/api/sessions", status_code=204, tags=["sessions"])
async def sign_out_everywhere(principal: CurrentPrincipal, runtime: RuntimeDep, response: Response) -> None:
    """Sign out everywhere."""
    await runtime.sessions.revoke_all(principal.account_id)
    _clear_cookie(response)


@internal.post("/internal/people")
async def people(body: Ids, runtime: RuntimeDep) -> People:
    """Who these accounts are, for a service that writes to them. Erased ones are left out."""
    found = await handlers.people(runtime.database, body.ids)
    return People(items=[Person.of(account) for account in found])


def _clear_cookie(response: Response) -> None:
    response.headers["set-cookie"] = f"{COOKIE}=; Max-Age=0; {COOKIE_ATTRIBUTES}"

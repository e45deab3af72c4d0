"""Routes of accounts and sessions."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from accounts import credentials, devices, handlers
from accounts.handlers import Browser
from accounts.schemas import AccountView, Credentials, Erasure, Ids, People, Person, Registration, SessionView
from chassis.identity import COOKIE, CurrentPrincipal, CurrentSession, OptionalPrincipal, remote_address
from chassis.inputs import Text
from chassis.pagination import Page
from chassis.runtime import RuntimeDep
from chassis.security import Outcome, SecurityEvent, record

COOKIE_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"

SessionId = Annotated[Text, Path(max_length=64)]

router = APIRouter()
internal = APIRouter()


async def _browser(request: Request) -> Browser:
    return Browser(
        remote=remote_address(request),
        user_agent=request.headers.get("user-agent", ""),
        token=request.cookies.get(COOKIE),
        device=request.cookies.get(devices.COOKIE),
    )


BrowserDep = Annotated[Browser, Depends(_browser)]


@router.post("/api/accounts", status_code=201, tags=["accounts"])
async def register(
    body: Registration, by: OptionalPrincipal, browser: BrowserDep, runtime: RuntimeDep, response: Response
) -> AccountView:
    """Open an account. 409 `email-taken` when there is one with this address; 429 with Retry-After after many."""
    account = await handlers.register(runtime, **body.model_dump(), browser=browser, by=by)
    response.headers["location"] = "/api/accounts/me"
    return AccountView.of(account)


@router.get("/api/accounts/me", tags=["accounts"])
async def profile(principal: CurrentPrincipal, runtime: RuntimeDep) -> AccountView:
    """The account that is signed in."""
    return AccountView.of(await handlers.profile(runtime.database, principal.account_id))


@router.delete("/api/accounts/me", status_code=204, tags=["accounts"])
async def erase(
    body: Erasure, principal: CurrentPrincipal, browser: BrowserDep, runtime: RuntimeDep, response: Response
) -> None:
    """Erase the account: its personal data goes from every service, and it is signed out everywhere.

    403 `wrong-password`; 429 with Retry-After after repeated failures.
    """
    await credentials.erase(runtime, principal, body.password, browser)
    _clear_cookie(response)


@router.post("/api/sessions", status_code=201, tags=["sessions"])
async def sign_in(body: Credentials, browser: BrowserDep, runtime: RuntimeDep, response: Response) -> SessionView:
    """Sign in. 401 `wrong-credentials`; 429 with Retry-After after repeated failures."""
    found = await credentials.sign_in(runtime, email=body.email, password=body.password, browser=browser)
    response.headers["set-cookie"] = f"{COOKIE}={found.token}; {COOKIE_ATTRIBUTES}"
    if found.device:
        _set_device(response, found.device)
    response.headers["location"] = "/api/sessions/current"
    return SessionView.of(found.session, current_key=found.session.key)


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
    record(SecurityEvent.SESSION_END, Outcome.DONE)
    _clear_cookie(response)


@router.delete("/api/sessions/{id}", status_code=204, tags=["sessions"])
async def sign_out_there(id: SessionId, principal: CurrentPrincipal, runtime: RuntimeDep, response: Response) -> None:
    """Sign out in one of the listed places."""
    ended = await handlers.sign_out(runtime.sessions, principal.account_id, id)
    record(SecurityEvent.SESSION_END, Outcome.DONE)
    if ended.key == principal.session_key:
        _clear_cookie(response)


@router.delete("/api/sessions", status_code=204, tags=["sessions"])
async def sign_out_everywhere(principal: CurrentPrincipal, runtime: RuntimeDep, response: Response) -> None:
    """Sign out everywhere."""
    await runtime.sessions.revoke_all(principal.account_id)
    record(SecurityEvent.SESSION_END, Outcome.DONE, reason="everywhere")
    _clear_cookie(response)


@internal.post("/internal/people")
async def people(body: Ids, runtime: RuntimeDep) -> People:
    """Who these accounts are, for a service that writes to them. Erased ones are left out."""
    found = await handlers.people(runtime.database, body.ids)
    return People(items=[Person.of(account) for account in found])


def _set_device(response: Response, device: str) -> None:
    lifetime = f"Max-Age={devices.LIFETIME_SECONDS}"
    response.headers.append("set-cookie", f"{devices.COOKIE}={device}; {lifetime}; {COOKIE_ATTRIBUTES}")


def _clear_cookie(response: Response) -> None:
    response.headers["set-cookie"] = f"{COOKIE}=; Max-Age=0; {COOKIE_ATTRIBUTES}"

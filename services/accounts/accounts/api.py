"""Routes of accounts and sessions."""

from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Depends, Path, Request, Response

from accounts import credentials, devices, handlers, recovery
from accounts.errors import EmailTaken, LinkSpent, WrongCredentials, WrongPassword
from accounts.handlers import Browser
from accounts.schemas import (
    AccountView,
    Confirmation,
    Credentials,
    Erasure,
    Ids,
    MailToken,
    MailTokens,
    NewPasswords,
    People,
    Person,
    Registration,
    ResetPassword,
    ResetWanted,
    SessionView,
)
from accounts.settings import RuntimeDep
from chassis.auth import TooManyRequests
from chassis.errors import NotFound
from chassis.http import (
    COOKIE,
    SET_COOKIE,
    CurrentPrincipal,
    CurrentSession,
    OptionalPrincipal,
    Page,
    Responses,
    Text,
    located,
    raises,
    remote_address,
)
from chassis.observability import Outcome, SecurityEvent, record

COOKIE_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Lax"

SIGNED_IN: Responses = {201: {"headers": located(201)[201]["headers"] | SET_COOKIE["headers"]}}
Token = Annotated[Text, Path(max_length=100)]
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


@router.post("/api/accounts", status_code=201, tags=["accounts"], responses=located(201))
@raises(EmailTaken, TooManyRequests)
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


@router.delete("/api/accounts/me", status_code=204, tags=["accounts"], responses={204: SET_COOKIE})
@raises(WrongPassword, TooManyRequests)
async def erase(
    body: Erasure, principal: CurrentPrincipal, browser: BrowserDep, runtime: RuntimeDep, response: Response
) -> None:
    """Erase the account: its personal data goes from every service, and it is signed out everywhere.

    403 `wrong-password`; 429 with Retry-After after repeated failures.
    """
    await credentials.erase(runtime, principal, body.password, browser)
    _clear_cookie(response)


@router.put("/api/accounts/me/password", status_code=204, tags=["accounts"], responses={204: SET_COOKIE})
@raises(WrongPassword, TooManyRequests)
async def change_password(
    body: NewPasswords, principal: CurrentPrincipal, browser: BrowserDep, runtime: RuntimeDep, response: Response
) -> None:
    """Change the password. Every session ends, this one goes on under a new cookie.

    403 `wrong-password`; 422 says why the new one is refused; 429 with Retry-After after repeated failures.
    """
    token, _ = await credentials.change(runtime, principal, old=body.old, new=body.new, browser=browser)
    _set_session(response, token)


@router.post("/api/password-resets", status_code=202, tags=["accounts"])
@raises(TooManyRequests)
async def ask_for_reset(
    body: ResetWanted, browser: BrowserDep, runtime: RuntimeDep, background: BackgroundTasks
) -> None:
    """Have a link sent with which the owner of an account sets a new password: 202 whether there is one or not.

    429 with Retry-After after many from one place.
    """
    account = await recovery.reset_wanted(runtime, email=body.email, browser=browser)
    if account is not None:
        background.add_task(recovery.send_reset, runtime, account)


@router.put("/api/password-resets/{token}", status_code=204, tags=["accounts"], responses={204: SET_COOKIE})
@raises(LinkSpent, TooManyRequests)
async def reset_password(
    token: Token, body: ResetPassword, browser: BrowserDep, runtime: RuntimeDep, response: Response
) -> None:
    """Set a new password with the token of a mail, once. Every session ends.

    404 `link-spent`; 422 says why the password is refused, and the link stays good.
    """
    _set_device(response, await recovery.reset(runtime, token=token, password=body.password, browser=browser))
    _clear_cookie(response)


@router.post("/api/confirmations", status_code=204, tags=["accounts"])
@raises(LinkSpent, TooManyRequests)
async def confirm(body: Confirmation, browser: BrowserDep, runtime: RuntimeDep) -> None:
    """Confirm the address of an account with the token of a mail. 404 `link-spent`."""
    await recovery.confirm(runtime, token=body.token, browser=browser)


@router.post("/api/sessions", status_code=201, tags=["sessions"], responses=SIGNED_IN)
@raises(WrongCredentials, TooManyRequests)
async def sign_in(body: Credentials, browser: BrowserDep, runtime: RuntimeDep, response: Response) -> SessionView:
    """Sign in. 401 `wrong-credentials`; 429 with Retry-After after repeated failures."""
    found = await credentials.sign_in(runtime, email=body.email, password=body.password, browser=browser)
    _set_session(response, found.token)
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


@router.delete("/api/sessions/current", status_code=204, tags=["sessions"], responses={204: SET_COOKIE})
async def sign_out(principal: CurrentPrincipal, runtime: RuntimeDep, response: Response) -> None:
    """Sign out here."""
    await runtime.sessions.revoke(principal.session_key)
    record(SecurityEvent.SESSION_END, Outcome.DONE)
    _clear_cookie(response)


@router.delete("/api/sessions/{id}", status_code=204, tags=["sessions"])
@raises(NotFound)
async def sign_out_there(id: SessionId, principal: CurrentPrincipal, runtime: RuntimeDep, response: Response) -> None:
    """Sign out in one of the listed places."""
    ended = await handlers.sign_out(runtime.sessions, principal.account_id, id)
    record(SecurityEvent.SESSION_END, Outcome.DONE)
    if ended.key == principal.session_key:
        _clear_cookie(response)


@router.delete("/api/sessions", status_code=204, tags=["sessions"], responses={204: SET_COOKIE})
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


@internal.post("/internal/mail-tokens")
async def mail_tokens(body: Ids, runtime: RuntimeDep) -> MailTokens:
    """The secret parts of links in mails, for the service that writes them. What is used or too old is left out."""
    found = await recovery.tokens(runtime, body.ids)
    return MailTokens(items=[MailToken(id=id_, token=token) for id_, token in found.items()])


def _set_session(response: Response, token: str) -> None:
    response.headers.append("set-cookie", f"{COOKIE}={token}; {COOKIE_ATTRIBUTES}")


def _set_device(response: Response, device: str) -> None:
    lifetime = f"Max-Age={devices.LIFETIME_SECONDS}"
    response.headers.append("set-cookie", f"{devices.COOKIE}={device}; {lifetime}; {COOKIE_ATTRIBUTES}")


def _clear_cookie(response: Response) -> None:
    response.headers.append("set-cookie", f"{COOKIE}=; Max-Age=0; {COOKIE_ATTRIBUTES}")

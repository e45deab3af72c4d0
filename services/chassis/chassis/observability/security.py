"""Security events: who did, or was refused, what, where and when. One line of the logger `security` each, no person.

The enumeration is closed: docs/observability.md lists it. An account is named by its id, a client by its network.
"""

import ipaddress
import logging
import re
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from prometheus_client import Counter

log = logging.getLogger("security")

RECORDED = Counter("security_events_total", "Security events", ["service", "event", "outcome"])


class SecurityEvent(StrEnum):
    """What happened, whether it was let through or not."""

    SIGN_IN = "sign-in"
    SESSION_END = "session-end"
    REGISTRATION = "registration"
    CONFIRMATION = "confirmation"
    PASSWORD_CHANGE = "password-change"  # noqa: S105 - names of events
    PASSWORD_RESET_REQUEST = "password-reset-request"  # noqa: S105
    PASSWORD_RESET = "password-reset"  # noqa: S105
    ROLE_CHANGE = "role-change"
    ERASURE = "erasure"
    CANCELLATION = "cancellation"
    ACCESS = "access"
    THROTTLE = "throttle"
    POLICY = "policy"


class Outcome(StrEnum):
    """How it ended."""

    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class _Scene:
    service: str = ""
    instance: str = ""
    remote: str = ""


_LONG = re.compile("/[^/]{37,}")
_NOWHERE = _Scene()
_scene: ContextVar[_Scene] = ContextVar("scene", default=_NOWHERE)
_account: ContextVar[str] = ContextVar("account", default="")


def set_scene(service: str, instance: str, remote: str) -> None:
    """Where the current task works: the service that answers, its instance, the address of the client."""
    _scene.set(_Scene(service, instance, remote))
    _account.set("")


def set_account(account_id: UUID) -> None:
    """Whose request the current task answers, once its session is known."""
    _account.set(str(account_id))


def is_signed_in() -> bool:
    """Whether the session of the request that the current task answers is known."""
    return _account.get() != ""


def record(
    event: SecurityEvent,
    outcome: Outcome,
    *,
    account_id: UUID | None = None,
    subject: UUID | None = None,
    reason: str = "",
    route: str = "",
) -> None:
    """Write one event. `account_id` is who did it (default: who is signed in), `subject` what it was done to.

    `reason` is the slug of a problem or a word of the caller's own, `route` a method and a path with its parameters'
    names: neither may hold what a client sent.
    """
    scene = _scene.get()
    who = str(account_id) if account_id else _account.get()
    RECORDED.labels(scene.service, event, outcome).inc()
    details = {
        "event": str(event),
        "outcome": str(outcome),
        "account_id": who,
        "subject": str(subject) if subject else "",
        "reason": reason,
        "route": route,
        "service": scene.service,
        "instance": scene.instance,
        "network": network_of(scene.remote),
    }
    log.info("security event", extra={"security": {name: value for name, value in details.items() if value}})


def loggable(path: str) -> str:
    """A path for logs and traces: parts longer than an id, which may be secrets of links, are left out."""
    return _LONG.sub("/…", path)


def network_of(remote: str) -> str:
    """The network of a client: /24 of IPv4, /48 of IPv6; empty for what is no address."""
    try:
        address = ipaddress.ip_address(remote)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 48), strict=False))

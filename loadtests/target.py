"""Which tier a load goes to: the one that is up on this machine, or the one that is named."""

import ipaddress
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from engines.choice import engine_in_use
from engines.protocol import Engine, EngineError


class BadTarget(RuntimeError):
    """There is nothing to send a load to, or it must not go there. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the tier answers, what to trust, and who puts on shows there; the engine where there is one."""

    url: str
    ca: Path | None
    organiser: tuple[str, str] | None = field(default=None, repr=False)
    engine: Engine | None = None


def find_target(url: str, *, remote: bool, environment: Mapping[str, str] = os.environ) -> Target:
    """The tier at `url`, or without it the one that is up. Raises BadTarget."""
    target = _named(url.rstrip("/"), environment) if url else _that_is_up(environment)
    if not remote and not is_here(target.url):
        raise BadTarget(f"{target.url} is not on this machine: with REMOTE=1 the load goes there all the same")
    return target


def is_here(url: str) -> bool:
    """Whether every address of a URL's host is a loopback address."""
    parts = urlsplit(url)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_STREAM)
    except OSError as error:
        raise BadTarget(f"{parts.hostname} has no address: {error}") from error
    return all(ipaddress.ip_address(str(address[4][0]).partition("%")[0]).is_loopback for address in found)


def _named(url: str, environment: Mapping[str, str]) -> Target:
    ca, password = environment.get("BOXOFFICE_CA"), environment.get("BOXOFFICE_ORGANISER_PASSWORD")
    email = environment.get("BOXOFFICE_ORGANISER", "organiser@boxoffice.test")
    return Target(url, Path(ca) if ca else None, (email, password) if password else None)


def _that_is_up(environment: Mapping[str, str]) -> Target:
    try:
        engine = engine_in_use(environment.get("ENGINE") or None)
        access = engine.access()
    except EngineError as error:
        raise BadTarget(str(error)) from error
    return Target(access.url, Path(access.ca) if access.ca else None, access.logins["organiser"], engine)

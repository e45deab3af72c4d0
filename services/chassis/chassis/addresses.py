"""Addresses of Postgres: how much TLS a connection asks for where the address does not say."""

from ipaddress import ip_address
from urllib.parse import parse_qsl, urlsplit

SSLMODE = "sslmode"


def sslmode_of(url: str) -> str:
    """What the address says; else `disable` for this machine, and `require` for any other."""
    parts = urlsplit(url)
    return dict(parse_qsl(parts.query)).get(SSLMODE) or ("disable" if is_local(parts.hostname) else "require")


def with_sslmode(url: str) -> str:
    """The address, which now says it."""
    parts = urlsplit(url)
    if SSLMODE in dict(parse_qsl(parts.query)):
        return url
    said = f"{SSLMODE}={sslmode_of(url)}"
    return parts._replace(query=f"{parts.query}&{said}" if parts.query else said).geturl()


def is_local(host: str | None) -> bool:
    """Whether a host is this machine, so that no network is between."""
    if not host or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False

"""Who a process is to Redis: the user of its service, or of the whole app, with a password from Vault."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote, urlsplit

from chassis.secrets.secrets import SecretMissing, Secrets

OWN_USER = "*"
"""In place of a user's name, in `redis://*@HOST:PORT/0`: this process's own."""
UNIT = "app"
"""The user of a process that runs several services, whose password is in `kv/app`."""
PASSWORD: Final = "redis_password"  # noqa: S105 - the name of a secret's member


async def with_own_login(url: str, secrets: Secrets, services: Sequence[str]) -> str:
    """`url` with user and password where it asks for this process's own. Raises Unavailable.

    A process that has none, as one that only changes tables, gets an address without: it does not need Redis.
    """
    parts = urlsplit(url)
    if parts.username != OWN_USER:
        return url
    user, path = (services[0], f"services/{services[0]}") if len(services) == 1 else (UNIT, UNIT)
    try:
        login = f"{user}:{quote((await secrets.read(path))[PASSWORD], safe='')}@"
    except (SecretMissing, KeyError):
        login = ""
    return parts._replace(netloc=login + parts.netloc.rpartition("@")[2]).geturl()

"""The accounts that a fresh stack starts with."""

import http.client
import json
from contextlib import closing
from urllib.parse import urlsplit

LOGINS = {
    "customer": ("demo@boxoffice.test", "demo_password"),
    "organiser": ("organiser@boxoffice.test", "organiser_password"),
}
"""What each is for: e-mail, and the name of its password in `kv/services/accounts`."""


def logins(vault_addr: str, token: str) -> dict[str, tuple[str, str]]:
    """E-mail and password by what they are for. Raises OSError when Vault does not answer."""
    parts = urlsplit(vault_addr)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    with closing(kind(str(parts.hostname), parts.port, timeout=5)) as connection:
        connection.request("GET", "/v1/kv/data/services/accounts", headers={"X-Vault-Token": token})
        values = json.loads(connection.getresponse().read())["data"]["data"]
    return {name: (email, values[key]) for name, (email, key) in LOGINS.items()}

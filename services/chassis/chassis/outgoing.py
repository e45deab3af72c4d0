"""Clients for the stack's own servers: no variable of a shell changes where their requests go.

Libraries look at `HTTPS_PROXY`, `VAULT_TOKEN`, `REQUESTS_CA_BUNDLE`, `~/.netrc` and their like. A proxy that one of
these names would get to see the credentials inside. Clients of httpx are made with `trust_env=False` for the same
reason; a test in services/tests/architecture looks at every call that makes a client.
"""

from pathlib import Path

import hvac
import requests


def requests_session(*, verify: bool | str = True) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.verify = verify
    return session


def vault_client(
    address: str, *, token: str = "", ca_file: Path | None = None, timeout: float | tuple[float, float] = 30
) -> hvac.Client:
    """A client of Vault; without a token it has none, whatever `VAULT_TOKEN` or `~/.vault-token` may hold."""
    verify: bool | str = str(ca_file) if ca_file else True
    session = requests_session(verify=verify)
    return hvac.Client(address, token=token, cert=(), verify=verify, timeout=timeout, session=session)

"""What the operator of a tier may reach and its users may not: the database, Vault, the mails."""

import base64
import json
import time
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import urlsplit

from engines.kubernetes.cluster import Cluster
from engines.kubernetes.forwarding import Forwarding
from engines.kubernetes.pods import APP, DEPENDENCIES
from engines.logins import logins
from engines.mailpit import read_mails
from engines.protocol import EngineError
from engines.web import fetch

SETUP_ROLE = "boxoffice-setup"
PATIENCE_SECONDS = 20.0
T = TypeVar("T")


class Inside:
    """Servers for trying out are reached through the cluster, those of somebody else at their addresses."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._forwarding = Forwarding(cluster.namespace)

    def database_url(self) -> str:
        """With the login of a user who may do everything, without the name of a database."""
        given = self._setup()["database_url"]
        parts = urlsplit(given)
        if parts.hostname != f"{DEPENDENCIES}-postgres":
            return given
        login, _, _ = parts.netloc.rpartition("@")
        return parts._replace(netloc=f"{login}@{self._local('postgres', 5432)}").geturl()

    def vault_addr(self) -> str:
        vault = self._cluster.values(APP).get("secrets", {}).get("vault", {})
        return str(vault.get("address") or f"http://{self._local('openbao', 8200)}")

    def vault_token(self) -> str:
        """A token that may do everything; without one that was given, for some minutes, as the setup Job gets it."""
        if given := self._setup().get("vault_token"):
            return given
        jwt = self._cluster.kubectl("create", "token", f"{APP}-vault-setup", "--audience=vault").strip()
        body = json.dumps({"role": SETUP_ROLE, "jwt": jwt}).encode()
        answer = json.loads(_asked(lambda: fetch(f"{self.vault_addr()}/v1/auth/kubernetes/login", body)))
        return str(answer["auth"]["client_token"])

    def logins(self) -> dict[str, tuple[str, str]]:
        """The accounts that a fresh stack starts with."""
        token = self.vault_token()
        return _asked(lambda: logins(self.vault_addr(), token))

    def mails(self) -> list[bytes]:
        """The source of every mail, the oldest first."""
        return read_mails(f"http://{self._local('mail', 8025)}")

    def close(self) -> None:
        self._forwarding.close()

    def _local(self, server: str, port: int) -> str:
        return f"127.0.0.1:{self._forwarding.port(f'{DEPENDENCIES}-{server}', port)}"

    def _setup(self) -> Mapping[str, str]:
        """What the setup Job was given."""
        setup = self._cluster.values(APP).get("secrets", {}).get("vault", {}).get("setup", {})
        secret = self._cluster.secret(setup.get("secret", f"{DEPENDENCIES}-setup"))
        return {name: base64.b64decode(value).decode() for name, value in secret.items()}


def _asked(question: Callable[[], T]) -> T:
    """The answer of a server inside. That its pod has gone is noticed by the first who takes the way to it: so again.

    Raises OSError, EngineError.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return question()
        except (OSError, EngineError):
            if time.monotonic() > deadline:
                raise
        time.sleep(0.2)

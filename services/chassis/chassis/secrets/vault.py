"""The connection to Vault: login behind one port, a token that is kept alive, calls that never block the event loop."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import hvac
from hvac import exceptions as refused
from requests.exceptions import RequestException

from chassis.configuration import BadSettings
from chassis.errors import Unavailable
from chassis.outgoing import vault_client
from chassis.settings import Settings, VaultAuth
from chassis.work.waiting import until_available

T = TypeVar("T")

CONNECT_AND_READ_SECONDS = (1.0, 5.0)
RENEW_AT = 2 / 3
"""The part of a lease's time after which it is renewed: the rest is for retries while Vault is away."""

AWAY = (
    RequestException,
    refused.BadGateway,
    refused.VaultDown,
    refused.VaultNotInitialized,
    refused.RateLimitExceeded,
)
REFUSED = (refused.Forbidden, refused.InvalidRequest, refused.InvalidPath, refused.Unauthorized)


class VaultFailed(Unavailable):
    """Vault is there but could not do it, e.g. because Postgres is away, or because it is too late to renew."""


NOT_RENEWED = (*REFUSED, VaultFailed)


class Login(Protocol):
    """How a process proves to Vault who it is. Returns the `auth` part of Vault's answer."""

    def __call__(self, client: hvac.Client) -> Mapping[str, Any]: ...


@dataclass(frozen=True, slots=True)
class AppRoleLogin:
    """Login by two files, read at each login so that a new secret id needs no restart."""

    role_id_file: Path
    secret_id_file: Path

    def __call__(self, client: hvac.Client) -> Mapping[str, Any]:
        role_id, secret_id = (path.read_text().strip() for path in (self.role_id_file, self.secret_id_file))
        answer: dict[str, Any] = client.auth.approle.login(role_id, secret_id, use_token=False)
        return answer["auth"]  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class KubernetesLogin:
    """Login by the pod's service account token, which the kubelet replaces in place."""

    role: str
    jwt_file: Path
    mount: str = "kubernetes"

    def __call__(self, client: hvac.Client) -> Mapping[str, Any]:
        jwt = self.jwt_file.read_text().strip()
        answer: dict[str, Any] = client.auth.kubernetes.login(self.role, jwt, use_token=False, mount_point=self.mount)
        return answer["auth"]  # type: ignore[no-any-return]


def login_for(settings: Settings) -> Login:
    """The login that the settings ask for. Raises BadSettings when they lack what it needs."""
    if settings.vault_auth is VaultAuth.KUBERNETES:
        return KubernetesLogin(settings.vault_role, settings.vault_jwt_file)
    if settings.vault_role_id_file is None or settings.vault_secret_id_file is None:
        raise BadSettings("VAULT_AUTH=approle needs VAULT_ROLE_ID_FILE and VAULT_SECRET_ID_FILE")
    return AppRoleLogin(settings.vault_role_id_file, settings.vault_secret_id_file)


class Lease(ABC):
    """Something Vault lends for a time: `full` seconds when new, `seconds` from its last extension."""

    full: float = 0.0
    seconds: float = 0.0

    def begin(self, seconds: float) -> None:
        """A new lease for `seconds`; Vault says 0 for one without an end."""
        self.full = self.seconds = float(seconds or 3600)

    async def extend(self) -> None:
        """Renew; replace instead when Vault refuses, or grants so little that the longest time allowed must be near."""
        granted = await self.renew()
        if granted < self.full / 2:
            await self.replace()
        else:
            self.seconds = granted

    async def keep(self, what: str) -> None:
        """Extend for ever. While Vault is away all goes on with what there is."""
        while True:
            await asyncio.sleep(self.seconds * RENEW_AT)
            await until_available(what, self.extend)

    @abstractmethod
    async def renew(self) -> float:
        """Seconds granted from now; 0 when refused."""

    @abstractmethod
    async def replace(self) -> None:
        """Take a new lease, which calls `begin`."""


class Vault(Lease):
    """A logged-in client; the lease is its token. What was leased under a token dies with it.

    `on_new_token` is called with the old token when another has taken its place.
    """

    def __init__(
        self, address: str, login: Login, *, ca_file: Path | None, on_new_token: Callable[[str], None]
    ) -> None:
        self.address = address
        self._on_new_token = on_new_token
        self._login = login
        self._lock = asyncio.Lock()
        self._client = vault_client(address, ca_file=ca_file, timeout=CONNECT_AND_READ_SECONDS)
        self._client.token = None

    @property
    def name(self) -> str:
        return f"vault at {self.address}"

    async def call(self, request: Callable[[hvac.Client], T]) -> T:
        """`request` in a thread. Raises Unavailable while Vault is away, an hvac error when it refuses.

        A token that Vault has forgotten is replaced, and the request sent once more.
        """
        token = self._client.token
        try:
            return await self._send(request)
        except refused.Forbidden:
            if await self.renew():
                raise
            await self._log_in_unless_newer_than(token)
            return await self._send(request)

    async def open(self) -> None:
        """Log in. A login that is refused may be one that is not set up yet, so it is tried again like an outage."""

        async def attempt() -> None:
            try:
                await self.replace()
            except (*REFUSED, OSError) as error:
                raise Unavailable(f"login failed: {error}") from error

        await until_available(self.name, attempt)

    async def renew(self) -> float:
        try:
            answer = await self._send(lambda client: client.auth.token.renew_self())
        except NOT_RENEWED:
            return 0.0
        return float(answer["auth"]["lease_duration"] or self.full)

    async def replace(self) -> None:
        await self._log_in_unless_newer_than(self._client.token)

    async def revoke(self, token: str | None = None) -> None:
        """Give a token back (without one: the current), and with it all that was leased under it."""
        if token is None:
            await self._send(lambda client: client.auth.token.revoke_self())
        else:
            await self._send(
                lambda client: client.adapter.post("/v1/auth/token/revoke-self", headers={"X-Vault-Token": token})
            )

    async def _log_in_unless_newer_than(self, token: str | None) -> None:
        async with self._lock:
            if self._client.token != token:
                return
            answer = await self._send(self._login)
            self._client.token = answer["client_token"]
            self.begin(answer["lease_duration"])
        if token:
            self._on_new_token(token)

    async def _send(self, request: Callable[[hvac.Client], T]) -> T:
        try:
            return await asyncio.to_thread(request, self._client)
        except refused.InternalServerError as error:
            raise VaultFailed(f"{self.name} failed: {error}") from error
        except AWAY as error:
            raise Unavailable(f"{self.name} does not serve: {error}") from error

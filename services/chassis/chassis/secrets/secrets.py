"""Secrets from Vault: static ones by path, database users leased, renewed and rotated while requests go on."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from hvac import exceptions as refused

from chassis.errors import Unavailable
from chassis.secrets.vault import NOT_RENEWED, REFUSED, Lease, Login, Vault, login_for
from chassis.settings import Settings
from chassis.work.waiting import until_available

log = logging.getLogger(__name__)

READ_SECONDS = 1.5
GRACE_SECONDS = 30.0
"""How long rotated database users live on, so that the transactions they have begun can end."""


class SecretMissing(LookupError):
    """There is no such secret, or this process may not read it."""


class Secrets(Protocol):
    """Where a process gets its secrets from. `chassis.testing.StaticSecrets` is the one without Vault."""

    async def read(self, path: str) -> dict[str, str]:
        """The secret at `path`, e.g. `services/accounts`. Raises SecretMissing, or Unavailable while Vault is away."""
        ...

    async def database_credentials(self, role: str) -> "DatabaseCredentials":
        """A database user of `role`, changed in place when rotated. Waits while Vault or Postgres is away."""
        ...

    async def ping(self) -> None:
        """Raises Unavailable while Vault is away or sealed."""
        ...

    async def close(self) -> None:
        """Give back what was leased."""
        ...


@dataclass(slots=True)
class DatabaseCredentials:
    """A database user. All three change together when it is rotated; `generation` counts, from 1."""

    username: str
    password: str = field(repr=False)
    issue: Callable[[], Awaitable[tuple[str, str]]] = field(repr=False)
    generation: int = 1
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def refresh(self, failed_generation: int) -> None:
        """Make these newer than `failed_generation`, e.g. because Postgres refused that login.

        Callers that come together share one rotation. Raises Unavailable while Vault or Postgres is away.
        """
        async with self._lock:
            if self.generation == failed_generation:
                self.username, self.password = await self.issue()
                self.generation += 1


async def open_secrets(settings: Settings) -> Secrets:
    """The secrets of this process, from files or from Vault; waits until Vault lets it in."""
    if settings.secrets_folder:
        from chassis.secrets.files import FileSecrets

        return FileSecrets(settings.secrets_folder)
    secrets = VaultSecrets(settings.vault_addr, login_for(settings), ca_file=settings.vault_ca_file)
    await secrets.open()
    return secrets


class VaultSecrets:
    """`Secrets` from Vault: KV version 2 at mount `kv`, leased database users at mount `database`."""

    def __init__(
        self, address: str, login: Login, *, ca_file: Path | None = None, grace_seconds: float = GRACE_SECONDS
    ) -> None:
        self._vault = Vault(address, login, ca_file=ca_file, on_new_token=self._move_leases)
        self._grace_seconds = grace_seconds
        self._leases: dict[str, _DatabaseLease] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        await self._vault.open()
        self._start(self._vault.keep(self._vault.name))

    async def read(self, path: str) -> dict[str, str]:
        try:
            async with asyncio.timeout(READ_SECONDS):
                answer = await self._vault.call(
                    lambda client: client.secrets.kv.v2.read_secret_version(
                        path, mount_point="kv", raise_on_deleted_version=True
                    )
                )
        except TimeoutError as error:
            raise Unavailable(f"{self._vault.name} does not answer") from error
        except (refused.InvalidPath, refused.Forbidden) as error:
            raise SecretMissing(f"no secret kv/{path} for this process in {self._vault.name}") from error
        return {name: str(value) for name, value in answer["data"]["data"].items()}

    async def database_credentials(self, role: str) -> DatabaseCredentials:
        if role not in self._leases:
            lease = _DatabaseLease(self._vault, role, retire=self._retire)
            what = f"database user of role {role} from {self._vault.name}"
            lease.credentials = DatabaseCredentials(*await until_available(what, lease.issue), issue=lease.issue)
            self._leases[role] = lease
            self._start(lease.keep(what))
        return self._leases[role].credentials

    async def ping(self) -> None:
        await self._vault.call(lambda client: client.adapter.get("/v1/sys/health?standbyok=true&perfstandbyok=true"))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        with suppress(Unavailable, *REFUSED):
            await self._vault.revoke()

    def _move_leases(self, old_token: str) -> None:
        """Lease again under the new token, before Vault ends the old one and all that hangs on it."""
        for lease in self._leases.values():
            self._start(until_available(self._vault.name, lease.replace))
        self._retire(lambda: self._vault.revoke(old_token))

    def _retire(self, revoke: Callable[[], Awaitable[None]]) -> None:
        async def later() -> None:
            await asyncio.sleep(self._grace_seconds)
            with suppress(Unavailable, *REFUSED):  # then it ends when its time is over
                await revoke()

        self._start(later())

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("keeping secrets failed", exc_info=error)


class _DatabaseLease(Lease):
    """The lease behind one role's credentials."""

    credentials: DatabaseCredentials

    def __init__(self, vault: Vault, role: str, *, retire: Callable[[Callable[[], Awaitable[None]]], None]) -> None:
        self._vault = vault
        self._role = role
        self._retire = retire
        self._id = ""

    async def issue(self) -> tuple[str, str]:
        """A new user name and password; the user they follow is retired."""
        try:
            answer = await self._vault.call(
                lambda client: client.secrets.database.generate_credentials(self._role, mount_point="database")
            )
        except REFUSED as error:
            raise Unavailable(f"{self._vault.name} refused a database user of role {self._role}: {error}") from error
        if old := self._id:
            self._retire(lambda: self._revoke(old))
        self._id = answer["lease_id"]
        self.begin(answer["lease_duration"])
        return answer["data"]["username"], answer["data"]["password"]

    async def renew(self) -> float:
        try:
            answer = await self._vault.call(lambda client: client.sys.renew_lease(self._id))
        except NOT_RENEWED:
            return 0.0
        return float(answer["lease_duration"])

    async def replace(self) -> None:
        await self.credentials.refresh(self.credentials.generation)
        log.info("database user of role %s was rotated", self._role)

    async def _revoke(self, lease_id: str) -> None:
        await self._vault.call(lambda client: client.sys.revoke_lease(lease_id))

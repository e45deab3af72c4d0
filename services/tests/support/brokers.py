"""The broker of a test process. Topics and groups have fixed names, so each test begins with an empty one."""

import os
import shutil
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient

from engines.local.broker import Broker as EmbeddedServer
from engines.local.ports import free_port
from engines.local.server import Server
from engines.local.servers import Running, start_server
from support.apache_kafka import ApacheKafka


class Broker:
    """A Kafka-protocol broker in the test's hand; its address stays the same when it comes back."""

    def __init__(self, server: Server, **abilities: Any) -> None:
        """`abilities`: settings that say what it can do."""
        self.abilities = abilities
        self.address = server.url
        self._server = server
        self._running: Running | None = None

    def start(self) -> None:
        """Start, and wait until it serves."""
        self._running = start_server(self._server)

    def kill(self) -> None:
        """Kill -9, and the log is lost. Harmless when it is dead."""
        if self._running:
            self._running.kill()
            self._running = None
        shutil.rmtree(self._server.data, ignore_errors=True)

    async def empty(self) -> None:
        """Have it run with nothing in it."""
        if self._running and isinstance(self._server, ApacheKafka):
            await self._delete_topics()  # takes a fraction of its start
        else:
            self.kill()
            self.start()

    async def _delete_topics(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.address)
        await admin.start()
        try:
            await admin.delete_topics([name for name in await admin.list_topics() if not name.startswith("__")])
        finally:
            await admin.close()


def new_broker(folder: Path) -> Broker:
    """The broker that `TEST_BROKER` asks for: `embedded`, the one of the local engine (default), or `apache`."""
    folder /= f"broker-{os.getpid()}"
    if os.environ.get("TEST_BROKER") == "apache":
        return Broker(ApacheKafka(folder, free_port()))
    return Broker(EmbeddedServer(folder, free_port()), kafka_idempotence=False, kafka_leave_groups=False)

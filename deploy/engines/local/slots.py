"""Places for instances: ports that the edge knows, held so that nobody else answers there in an instance's name."""

import socket
from collections.abc import Iterable

from engines.local.ports import reserve


class Slots:
    """Ports that are kept free while no instance uses them."""

    def __init__(self) -> None:
        self._held: dict[int, socket.socket] = {}

    def reserve(self, ports: Iterable[int]) -> None:
        """Hold what can be held: just after an instance has ended the system may refuse, which is no harm."""
        for port in ports:
            if port not in self._held and (holder := reserve(port)) is not None:
                self._held[port] = holder

    def release(self, port: int) -> None:
        """An instance is about to listen there."""
        if holder := self._held.pop(port, None):
            holder.close()

    def release_all(self) -> None:
        for port in list(self._held):
            self.release(port)

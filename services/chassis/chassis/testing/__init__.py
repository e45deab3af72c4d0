"""For tests: the real servers, a fresh database for each test, services run in process."""

from chassis.testing.app import App, running
from chassis.testing.databases import Databases
from chassis.testing.fakes import MemoryBroadcast, MemorySessions, StaticSecrets
from chassis.testing.polling import eventually
from chassis.testing.servers import Servers

__all__ = ["App", "Databases", "MemoryBroadcast", "MemorySessions", "Servers", "StaticSecrets", "eventually", "running"]

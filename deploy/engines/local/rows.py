"""What `status` says of each process."""

import os

import psutil

from engines.local.app import App
from engines.local.control import Event
from engines.local.managed import Managed
from engines.local.processes import resident


def row(managed: Managed) -> Event:
    """Of one server; to be called in a thread."""
    server = managed.server
    return {
        "process": managed.name,
        "role": server.role,
        "instance": server.number if isinstance(server, App) else None,
        "pid": managed.process_id.pid if managed.process_id else None,
        "port": server.port,
        "health": managed.health(),
        "restarts": managed.restarts,
        "memory": managed.memory(),
    }


def own_row() -> Event:
    """Of the supervisor, which this is."""
    return {
        "process": "supervisor",
        "role": "supervisor",
        "instance": None,
        "pid": os.getpid(),
        "port": None,
        "health": "ready",
        "restarts": 0,
        "memory": resident(psutil.Process()),
    }

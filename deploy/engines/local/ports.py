"""Ports on this machine: free ones, and who holds a taken one."""

import random
import socket
from collections.abc import Container

import psutil

from engines.local.server import HOST

RANGE = (20000, 32000)


def free_port(avoid: Container[int] = ()) -> int:
    """A port that nobody uses, below those that the system gives to outgoing connections: a server that is started
    again must not find its port lent to somebody's client.
    """
    while True:
        port = random.randrange(*RANGE)  # noqa: S311 - no secret, only unlikely to meet another stack's choice
        if port not in avoid and is_free(port):
            return port


def is_free(port: int, host: str = HOST) -> bool:
    """Whether somebody could listen there. Raises PermissionError when that takes more rights than this user has."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        if ":" in host:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            raise
        except OSError:
            return False
        return True


def reserve(port: int) -> socket.socket | None:
    """Keep others from listening on `port` until the socket is closed; connections to it are refused meanwhile.

    None when somebody else has it.
    """
    holder = socket.socket()
    try:
        holder.bind((HOST, port))
    except OSError:
        holder.close()
        return None
    return holder


def culprit(port: int) -> str:
    """Who listens on `port`, in words."""
    try:
        for connection in psutil.net_connections(kind="tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr[1] == port
            if listens and connection.pid:
                process = psutil.Process(connection.pid)
                return f"{process.name()} (pid {process.pid})"
    except psutil.Error:  # macOS shows other users' connections to root only
        pass
    return "another process"

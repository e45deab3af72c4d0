"""Ports: free ones, held ones, and who has a taken one."""

import os
import socket

from engines.local.ports import RANGE, culprit, free_port, is_free, reserve
from engines.local.slots import Slots


def listener(port: int) -> socket.socket:
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", port))
    server.listen()
    return server


def test_a_free_port_is_free_and_below_those_of_clients() -> None:
    port = free_port()
    assert is_free(port)
    assert RANGE[0] <= port < RANGE[1]


def test_a_port_to_avoid_is_not_chosen() -> None:
    allowed = free_port()
    avoid = set(range(*RANGE)) - {allowed}
    assert free_port(avoid) == allowed


def test_a_port_that_somebody_listens_on_is_taken_and_the_culprit_known() -> None:
    port = free_port()
    with listener(port):
        assert not is_free(port)
        assert f"pid {os.getpid()}" in culprit(port)


def test_nobody_in_particular_has_a_port_that_is_free() -> None:
    assert culprit(free_port()) == "another process"


def test_a_reserved_port_is_nobodys() -> None:
    port = free_port()
    holder = reserve(port)
    assert holder is not None
    assert not is_free(port)
    assert reserve(port) is None
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", port)) != 0
    holder.close()
    assert is_free(port)


def test_a_released_slot_can_be_used_by_an_instance() -> None:
    ports = [free_port()]
    ports.append(free_port(ports))
    slots = Slots()
    slots.reserve(ports)
    slots.release(ports[0])
    with listener(ports[0]):
        slots.reserve(ports)  # it is in use now: no harm
        assert not is_free(ports[1])
    slots.release_all()
    assert is_free(ports[1])

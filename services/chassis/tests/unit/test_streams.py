"""Streams are bounded, for a process and for each client, and some are left for people who are signed in."""

from contextlib import ExitStack

import pytest

from chassis.live.streams import OF_ONE_SESSION, NoMoreStreams, Streams, TooManyStreams
from chassis.process.open_files import open_files, raise_open_files


def fill(stack: ExitStack, streams: Streams, *, address: str = "a", session: str | None = None) -> int:
    """Take places until there is none; how many there were."""
    for number in range(10_000):
        try:
            stack.enter_context(streams.place(address=address, session=session))
        except (TooManyStreams, NoMoreStreams):
            return number
    raise AssertionError("there is no end")


def test_one_address_takes_a_share() -> None:
    streams = Streams(100)
    with ExitStack() as stack:
        assert fill(stack, streams, address="crowded") == 25
        with pytest.raises(TooManyStreams) as refused:
            stack.enter_context(streams.place(address="crowded", session=None))
        assert refused.value.headers["retry-after"]
        assert fill(stack, streams, address="another") == 25


def test_many_addresses_leave_places_for_sessions() -> None:
    streams = Streams(100)
    with ExitStack() as stack:
        assert sum(fill(stack, streams, address=str(number)) for number in range(10)) == 75
        with pytest.raises(NoMoreStreams) as refused:
            stack.enter_context(streams.place(address="one more", session=None))
        assert refused.value.headers["retry-after"]
        assert fill(stack, streams, address="0", session="mine") == OF_ONE_SESSION


def test_many_sessions_of_one_address_take_half() -> None:
    streams = Streams(100)
    with ExitStack() as stack:
        assert sum(fill(stack, streams, session=str(number)) for number in range(20)) == 50
        assert fill(stack, streams, address="another", session="mine") == OF_ONE_SESSION


def test_a_place_is_given_back() -> None:
    streams = Streams(4)
    for _ in range(20):
        with streams.place(address="a", session=None):
            pass
    with ExitStack() as stack:
        assert fill(stack, streams) == 1
    assert not streams._count


def test_files_are_as_many_as_the_system_allows() -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    few = 128
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (few, hard))
        raise_open_files()
        assert open_files() > few
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

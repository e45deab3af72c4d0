"""The command and the supervisor: one asks, the other answers."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engines import identity
from engines.local import control
from engines.local.control import Event, NotRunning, Refused
from engines.state import State


@pytest.fixture
async def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[State]:
    deep = tmp_path / ("deep" * 25)  # longer than the path of a Unix socket may be
    state = State(deep)
    state.make()
    monkeypatch.chdir(deep)

    async def answer(question: Event) -> AsyncIterator[Event]:
        if question["ask"] == "fail":
            raise Refused("not today")
        for number in range(question["count"]):
            yield {"ready": f"app-{number}"}
        yield {"done": question["count"]}

    server = await control.serve(state, answer)
    yield state
    server.close()


def hard_copy(source: State, target: State) -> None:
    subprocess.run(["cp", "-al", source.folder, target.folder], check=True)


async def test_progress_comes_before_the_result(state: State) -> None:
    events = await asyncio.to_thread(lambda: list(control.ask(state, "count", count=2)))
    assert events == [{"ready": "app-0"}, {"ready": "app-1"}, {"done": 2}]
    assert await asyncio.to_thread(control.result, state, "count", count=3) == 3


async def test_a_copy_whose_socket_is_the_same_one_is_refused(state: State, tmp_path: Path) -> None:
    copied = State(tmp_path / "copied")
    await asyncio.to_thread(hard_copy, state, copied)
    (copied.folder / identity.NAME).unlink()
    with pytest.raises(Refused, match="another stack"):
        await asyncio.to_thread(control.result, copied, "count", count=1)
    (state.folder / identity.NAME).unlink()
    assert await asyncio.to_thread(control.result, state, "count", count=1) == 1


async def test_a_refusal_has_a_reason(state: State) -> None:
    with pytest.raises(Refused, match="not today"):
        await asyncio.to_thread(control.result, state, "fail")


async def test_only_this_user_may_ask(state: State) -> None:
    assert state.socket.stat().st_mode & 0o777 == 0o600


async def test_nobody_answers_where_nothing_is_up(tmp_path: Path) -> None:
    with pytest.raises(NotRunning):
        control.result(State(tmp_path), "status")


async def test_the_socket_of_a_killed_supervisor_answers_nobody(state: State, tmp_path: Path) -> None:
    other = State(tmp_path)
    other.make()
    other.socket.touch()
    with pytest.raises(NotRunning):
        control.result(other, "status")

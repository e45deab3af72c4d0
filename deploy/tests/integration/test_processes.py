"""Processes: they end with their parent, and what is left behind is found again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import psutil
import pytest

from engines.identity import Copied
from engines.local.leftovers import end_leftovers
from engines.local.processes import ProcessId, end, family, lives, popen_arguments, resident, wait_until_gone
from engines.local.server import BASE_ENVIRONMENT, SAME_EVERYWHERE, Server
from engines.state import State

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
]


@dataclass(slots=True)
class Sleeper(Server):
    role: ClassVar[str] = "sleeper"

    @property
    def url(self) -> str:
        return ""

    def command(self) -> list[str]:
        return SLEEP

    def ready(self) -> bool:
        return True


@pytest.fixture
def sleeper() -> Iterator[psutil.Process]:
    with subprocess.Popen(SLEEP) as child:
        yield psutil.Process(child.pid)
        child.kill()


def test_a_process_is_known_by_number_and_birth(sleeper: psutil.Process) -> None:
    known = ProcessId.of(sleeper.pid)
    assert known.find() == sleeper
    assert ProcessId(known.pid, known.created - 10).find() is None


def test_who_has_ended_is_not_found_though_nobody_asked_for_its_exit_code(sleeper: psutil.Process) -> None:
    known = ProcessId.of(sleeper.pid)
    sleeper.kill()
    wait_until_gone([sleeper], 5)
    assert known.find() is None
    assert not lives(sleeper)


def test_ending_takes_the_descendants_along() -> None:
    code = f"import subprocess, sys; print(subprocess.Popen({SLEEP!r}).pid, flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        process = psutil.Process(parent.pid)
        assert set(family([process])) == {process, child}
        end([process], stop_signal=signal.SIGTERM, seconds=0.5)
        assert not lives(process)
        assert not lives(child)


def test_who_does_not_listen_is_killed() -> None:
    with subprocess.Popen(STUBBORN, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        end([psutil.Process(child.pid)], stop_signal=signal.SIGTERM, seconds=0.2)
        assert child.wait() == -signal.SIGKILL


def test_memory_of_who_has_ended_is_none(sleeper: psutil.Process) -> None:
    assert resident(sleeper) > 0
    sleeper.kill()
    wait_until_gone([sleeper], 5)
    assert resident(sleeper) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent died")
def test_a_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, pathlib\n"
        "from test_processes import Sleeper\n"
        "from engines.local.processes import popen_arguments\n"
        "server = Sleeper(pathlib.Path(sys.argv[1]), 1)\n"
        "print(subprocess.Popen(server.command(), **popen_arguments(server)).pid, flush=True)\n"
        "sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert lives(child)
        parent.kill()
    wait_until_gone([child], 5)
    assert not lives(child)


def test_a_server_gets_nothing_of_the_callers_environment_but_the_basics(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "HTTP_PROXY", "PYTHONPATH", "PYTHONSTARTUP", "PGHOST", "VAULT_TOKEN", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, "hostile")
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    arguments = popen_arguments(Sleeper(tmp_path, 1))
    os.close(arguments["stdout"])
    assert set(arguments["env"]) <= {*BASE_ENVIRONMENT, *SAME_EVERYWHERE, "HOME"}
    assert arguments["env"]["TZ"] == "UTC"
    assert "PATH" in arguments["env"]


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path / "state")
    state.make()
    return state


@pytest.fixture
def left_behind(state: State) -> Iterator[psutil.Process]:
    """A process that was started for the stack in `state`."""
    arguments = popen_arguments(Sleeper(state.folder, 1))
    with subprocess.Popen(SLEEP, **arguments) as child:
        os.close(arguments["stdout"])
        yield psutil.Process(child.pid)
        child.kill()


def noted(process: psutil.Process) -> dict[str, object]:
    return {"app-1": {"pid": process.pid, "created": process.create_time(), "signal": 15}}


def test_what_a_killed_supervisor_left_behind_is_ended(state: State, left_behind: psutil.Process) -> None:
    state.write("processes.json", noted(left_behind))
    assert end_leftovers(state) == ["app-1"]
    assert not lives(left_behind)
    assert end_leftovers(state) == []


def test_a_stranger_who_got_the_number_is_left_alone(state: State, left_behind: psutil.Process) -> None:
    state.write("processes.json", {"app-1": {"pid": left_behind.pid, "created": time.time() - 9999, "signal": 15}})
    assert end_leftovers(state) == []
    assert lives(left_behind)


def test_a_process_that_does_not_carry_the_id_is_left_alone(state: State, sleeper: psutil.Process) -> None:
    state.write("processes.json", noted(sleeper))
    assert end_leftovers(state) == []
    assert lives(sleeper)


def test_another_stacks_process_is_left_alone(state: State, left_behind: psutil.Process, tmp_path: Path) -> None:
    other = State(tmp_path / "other")
    other.make()
    other.write("processes.json", noted(left_behind))
    assert end_leftovers(other) == []
    assert lives(left_behind)


def test_a_copy_of_the_folder_ends_nothing(state: State, left_behind: psutil.Process, tmp_path: Path) -> None:
    state.write("processes.json", noted(left_behind))
    subprocess.run(["cp", "-a", str(state.folder), str(tmp_path / "copy")], check=True)
    with pytest.raises(Copied):
        end_leftovers(State(tmp_path / "copy"))
    assert lives(left_behind)


@pytest.mark.parametrize("entry", [1, {}, {"pid": "x", "created": 1, "signal": 15}, {"pid": 1, "created": None}])
def test_a_broken_record_is_no_reason_to_stop(tmp_path: Path, entry: object) -> None:
    state = State(tmp_path)
    state.write("processes.json", {"app-1": entry})
    assert end_leftovers(state) == []


def test_a_large_log_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engines.local.server.LARGEST_LOG", 3)
    server = Sleeper(tmp_path, 1)
    for words in ("first", "second", "3rd"):
        os.close(popen_arguments(server)["stdout"])
        server.log.write_text(words)
    os.close(popen_arguments(server)["stdout"])
    assert server.log.read_text() == "3rd"
    assert server.log.with_suffix(".log.1").read_text() == "second"

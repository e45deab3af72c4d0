"""The state folder: one holder, files that are whole, and nothing removed that is not ours."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engines.state import BrokenState, State, current_state


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path / "stack")
    state.make()
    return state


def test_what_is_private_is_for_this_user_alone(state: State) -> None:
    assert {path.stat().st_mode & 0o777 for path in (state.logs, state.credentials)} == {0o700}


def test_what_was_written_is_read(state: State) -> None:
    state.write("ports.json", {"a": 1})
    assert state.read("ports.json") == {"a": 1}


@pytest.mark.parametrize("content", ["", "{", "[1]", "\x00"])
def test_a_broken_file_reads_as_an_empty_one(state: State, content: str) -> None:
    (state.folder / "ports.json").write_text(content)
    assert state.read("ports.json") == {}


def test_a_file_in_place_of_the_folder_is_explained(tmp_path: Path) -> None:
    (tmp_path / "stack").touch()
    with pytest.raises(BrokenState, match="BOXOFFICE_STATE"):
        State(tmp_path / "stack").make()


def test_one_process_at_a_time_holds_it(state: State) -> None:
    assert not state.is_held()
    with state.locked() as mine:
        assert mine
        assert state.is_held()
        with state.locked() as also_mine:
            assert not also_mine
    assert not state.is_held()


def test_a_holder_that_is_killed_holds_no_longer(state: State) -> None:
    code = (
        "import sys, pathlib; from engines.state import State\n"
        "with State(pathlib.Path(sys.argv[1])).locked(): print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(state.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        assert state.is_held()
        holder.kill()
        holder.wait()
    assert not state.is_held()


def test_removing_it_leaves_what_is_somebody_elses(state: State, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (state.folder / "data" / "postgres").symlink_to(elsewhere)
    (state.folder / "thesis.txt").touch()

    state.remove()

    assert [path.name for path in state.folder.iterdir()] == ["thesis.txt"]
    assert elsewhere.exists()


def test_removing_it_leaves_nothing_of_ours(state: State) -> None:
    state.remove()
    assert not state.folder.exists()


def test_the_environment_names_the_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BOXOFFICE_STATE", str(tmp_path))
    assert current_state().folder == tmp_path
    monkeypatch.delenv("BOXOFFICE_STATE")
    assert current_state().folder.name == ".boxoffice"
    assert os.access(current_state().folder.parent / "pyproject.toml", os.R_OK)

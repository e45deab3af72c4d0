"""Whose a state folder is: a move is followed, a copy or a link from elsewhere is not the stack."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engines import identity, outside
from engines.identity import Copied, Linked
from engines.state import BrokenState, State


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path / "project" / ".boxoffice")
    state.make()
    return state


def copy(source: Path, target: Path) -> State:
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)
    return State(target)


def test_it_stays_the_same_stack(state: State) -> None:
    known = state.identity()
    state.make()
    assert known is not None
    assert state.identity() == known
    assert (state.folder / identity.NAME).stat().st_mode & 0o777 == 0o600


def test_a_copy_is_refused_and_names_original_and_fix(state: State, tmp_path: Path) -> None:
    other = copy(state.folder, tmp_path / "copy")
    with pytest.raises(Copied, match=rf"copy of {state.folder}.*down --clean.*BOXOFFICE_STATE.*backup"):
        other.identity()
    with pytest.raises(Copied):
        other.make()


def test_a_copy_is_refused_when_its_original_is_gone_and_the_fix_works(state: State, tmp_path: Path) -> None:
    other = copy(state.folder, tmp_path / "copy")
    shutil.rmtree(state.folder)
    with pytest.raises(Copied, match=f"rm {other.folder}/identity.json"):
        other.identity()
    (other.folder / identity.NAME).unlink()
    other.make()
    assert other.identity() is not None


def test_a_copy_in_the_place_of_its_original_is_refused(state: State, tmp_path: Path) -> None:
    state.folder.rename(tmp_path / "moved")
    with pytest.raises(Copied):
        copy(tmp_path / "moved", state.folder).identity()
    assert State(tmp_path / "moved").identity() is not None


def test_a_move_is_followed(state: State, tmp_path: Path) -> None:
    before = state.identity()
    state.folder.parent.rename(tmp_path / "moved")
    moved = State(tmp_path / "moved" / ".boxoffice")
    moved.make()
    after = moved.identity()
    assert before is not None
    assert after is not None
    assert (after.id, after.place) == (before.id, str(moved.folder))


def test_a_parent_that_is_a_link_makes_no_other_stack(state: State, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(state.folder.parent)
    assert State(tmp_path / "link" / ".boxoffice").identity() == state.identity()


def test_a_checkout_copied_with_its_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / ".boxoffice").symlink_to(tmp_path / "disk")
    original = State(tmp_path / "project" / ".boxoffice")
    original.make()
    subprocess.run(["cp", "-a", str(tmp_path / "project"), str(tmp_path / "second")], check=True)
    with pytest.raises(Linked, match=f"BOXOFFICE_STATE={original.folder}"):
        State(tmp_path / "second" / ".boxoffice").identity()
    assert original.identity() is not None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"id": 1}'])
def test_an_identity_that_cannot_be_read_is_made_again(state: State, content: str) -> None:
    (state.folder / identity.NAME).write_text(content)
    state.make()
    assert state.identity() is not None


def test_a_restart_of_the_machine_may_number_its_disks_again(state: State) -> None:
    path = state.folder / identity.NAME
    known = json.loads(path.read_text())
    path.write_text(json.dumps({**known, "device": known["device"] + 1}))
    assert state.identity() is not None


def outside_data(state: State, place: Path) -> Path:
    """Data of this stack at `place`, as root's Postgres has them."""
    place.mkdir()
    (place / "PG_VERSION").touch()
    link = state.folder / "data" / "postgres"
    outside.claim(place, link, state.identity())
    link.symlink_to(place)
    return place


def test_removing_a_copy_leaves_the_data_outside(state: State, tmp_path: Path) -> None:
    place = outside_data(state, tmp_path / "data-1")
    other = copy(state.folder, tmp_path / "copy")
    other.remove()
    assert not other.folder.exists()
    assert (place / "PG_VERSION").exists()
    state.remove()
    assert not place.exists()
    assert not state.folder.exists()


def test_data_from_before_are_adopted_by_the_path_of_their_link_alone(state: State, tmp_path: Path) -> None:
    place = outside_data(state, tmp_path / "data-1")
    (tmp_path / "data-1.of").write_text(str(state.folder / "data" / "postgres"))
    other = copy(state.folder, tmp_path / "copy")
    for each in (other, state):
        (each.folder / identity.NAME).unlink()
        each.make()
    assert outside.of_another(other.folder / "data" / "postgres", other.identity())
    other.remove()
    assert place.exists()
    state.remove()
    assert not place.exists()


def test_a_folder_restored_from_a_copy_gets_its_data_by_what_the_messages_say(state: State, tmp_path: Path) -> None:
    place = outside_data(state, tmp_path / "data-1")
    copy(state.folder, tmp_path / "backup")
    state.folder.rename(tmp_path / "broken")
    restored = copy(tmp_path / "backup", state.folder)
    shutil.rmtree(tmp_path / "broken")  # now, for its inode would be used again
    with pytest.raises(Copied) as copied:
        restored.make()
    run_what_follows("gone for good: ", str(copied.value))
    restored.make()
    link = restored.folder / "data" / "postgres"
    with pytest.raises(RuntimeError, match="another stack has") as taken:
        outside.take(link, restored.identity())
    run_what_follows("gone for good: ", str(taken.value))
    outside.take(link, restored.identity())
    assert outside.belongs(link, restored.identity())
    other = copy(restored.folder, tmp_path / "copy")
    (other.folder / identity.NAME).unlink()
    other.make()
    with pytest.raises(RuntimeError, match="another stack has"):
        outside.take(other.folder / "data" / "postgres", other.identity())
    restored.remove()
    assert not place.exists()


def run_what_follows(words: str, message: str) -> None:
    subprocess.run(message.partition(words)[2].split(), check=True)


@pytest.mark.parametrize("name", ["data", "logs", "mail", "secrets"])
def test_removal_follows_no_link_out_of_the_folder(state: State, tmp_path: Path, name: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "postgres").mkdir(parents=True)
    (elsewhere / "thesis.txt").touch()
    (elsewhere / "link").symlink_to(tmp_path / "project")
    shutil.rmtree(state.folder / name, ignore_errors=True)
    (state.folder / name).symlink_to(elsewhere)
    state.remove()
    assert sorted(each.name for each in elsewhere.iterdir()) == ["link", "postgres", "thesis.txt"]
    assert not state.folder.exists()


def test_a_lock_that_leads_elsewhere_is_not_followed(state: State, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").touch()
    (state.folder / "lock").unlink()
    (state.folder / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BrokenState, match="lock"):
        state.make()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_what_is_in_it_is_for_this_user_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    code = (
        "import os, sys, pathlib; from engines.state import State\n"
        "os.umask(int(sys.argv[2])); state = State(pathlib.Path(sys.argv[1])); state.make(); state.write('a.json', {})"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "stack"), str(umask)], check=True)
    folder = tmp_path / "stack"
    assert {path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir()) if path.is_dir()} == {0o700}
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir() if path.is_file()} == {0o600}

"""Logs of a stack."""

from itertools import islice
from pathlib import Path

import pytest

from engines.local import logs
from engines.local.log_keeper import shorten


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app-1.log").write_text("".join(f"line {number}\n" for number in range(100)))
    (tmp_path / "edge.log").write_text("hello\n")
    (tmp_path / "openbao-audit.log").write_text("{}\n")
    return tmp_path


def test_one_log_is_shown_whole(folder: Path) -> None:
    assert len(list(logs.read(folder, "app-1", follow=False))) == 100


def test_all_logs_show_their_ends_with_their_names(folder: Path) -> None:
    lines = list(logs.read(folder, None, follow=False))
    assert lines[0] == "app-1 | line 80"
    assert lines[-1] == "edge  | hello"


def test_the_audit_log_is_shown_to_who_asks_for_it(folder: Path) -> None:
    assert list(logs.read(folder, "openbao-audit", follow=False)) == ["{}"]


def test_following_goes_on_with_what_is_new(folder: Path) -> None:
    lines = logs.read(folder, "edge", follow=True)
    assert list(islice(lines, 1)) == ["hello"]
    with (folder / "edge.log").open("a") as log:
        log.write("again\n")
    assert next(lines) == "again"


def test_a_log_that_is_not_there_is_an_error(folder: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(logs.read(folder, "nobody", follow=False))


def test_a_log_that_grows_while_its_process_lives_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engines.local.server.LARGEST_LOG", 10)
    log, small = tmp_path / "edge.log", tmp_path / "app-1.log"
    small.write_text("short\n")
    with log.open("ab", buffering=0) as process:
        process.write(b"what it said before\n")
        shorten(log)
        shorten(small)
        process.write(b"now\n")
    assert log.read_text() == "now\n"
    assert log.with_suffix(".log.1").read_text() == "what it said before\n"
    assert small.read_text() == "short\n"


def test_a_follower_goes_on_where_a_log_was_cut(tmp_path: Path) -> None:
    log = tmp_path / "edge.log"
    log.write_text("one\ntwo\n")
    lines = logs.read(tmp_path, "edge", follow=True)
    assert [next(lines), next(lines)] == ["one", "two"]
    log.write_text("new\n")
    assert next(lines) == "new"
    lines.close()  # type: ignore[attr-defined]  # it is a generator

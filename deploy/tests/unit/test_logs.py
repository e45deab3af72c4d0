"""Logs of a stack."""

from itertools import islice
from pathlib import Path

import pytest

from engines.local import logs


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

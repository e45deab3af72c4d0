"""Programs of the installed packages."""

import os

import pytest

from engines.local import executables
from engines.local.executables import PROGRAMS, NotForThisPlatform, executable


@pytest.mark.parametrize("program", sorted(PROGRAMS))
def test_every_program_is_there(program: str) -> None:
    assert os.access(executable(program), os.X_OK)


@pytest.mark.parametrize("program", sorted(PROGRAMS))
def test_a_missing_program_is_one_line_that_says_what_to_do(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    package, _ = PROGRAMS[program]
    monkeypatch.setitem(executables.PROGRAMS, program, (package, lambda: None))
    with pytest.raises(NotForThisPlatform, match=f"{package}.*ENGINE=compose") as error:
        executable(program)
    assert "\n" not in str(error.value)

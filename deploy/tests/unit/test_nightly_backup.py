"""The nightly backup keeps the latest; a night that fails leaves those before alone. Age and Box Office are stubs."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from engines.state import REPOSITORY

SCRIPT = Path("deploy/startup/nightly-backup")
pytestmark = pytest.mark.skipif(not shutil.which("bash"), reason="bash is not here")


class Machine:
    """The script where it looks for its programs."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / "backups"
        self.folder.mkdir()
        (home / SCRIPT).parent.mkdir(parents=True)
        shutil.copy(REPOSITORY / SCRIPT, home / SCRIPT)
        self.program(home / ".venv/bin/boxoffice", 'echo "$@"')
        self.program(home / "bin/age", 'cat > "${!#}"')

    def program(self, path: Path, does: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/usr/bin/env bash\n{does}\n")
        path.chmod(0o755)

    def night(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.home / 'bin'}:{os.environ['PATH']}"
        return subprocess.run(
            [str(self.home / SCRIPT), str(self.folder), *arguments],
            env={"PATH": path, "BACKUP_KEEP": "2"},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def kept(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_the_latest_are_kept_and_nothing_else_is_touched(machine: Machine) -> None:
    for name in ("boxoffice-20200101T000000Z.tar.age", "boxoffice-20200102T000000Z.tar.age", "letter.txt"):
        (machine.folder / name).touch()
    done = machine.night("--secrets-only")
    assert done.returncode == 0, done.stderr
    written = Path(done.stdout.strip())
    assert written.read_text() == "backup - --secrets-only\n"
    assert written.stat().st_mode & 0o777 == 0o600
    assert machine.kept() == ["boxoffice-20200102T000000Z.tar.age", written.name, "letter.txt"]


@pytest.mark.parametrize("broken", [".venv/bin/boxoffice", "bin/age"])
def test_a_night_that_fails_leaves_nothing_and_says_so(machine: Machine, broken: str) -> None:
    (machine.folder / "boxoffice-20200101T000000Z.tar.age").touch()
    machine.program(machine.home / broken, "echo half; exit 1")
    assert machine.night().returncode != 0
    assert machine.kept() == ["boxoffice-20200101T000000Z.tar.age"]

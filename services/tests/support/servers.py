"""One set of real servers for a whole test run, however many processes run its tests."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from chassis.testing import Servers
from support.keeper import STATE

START_SECONDS = 60.0


class TestRun:
    """The folder of a run: made by its main process, known to the parallel ones through the environment."""

    __test__ = False
    VARIABLE = "BOXOFFICE_TEST_RUN"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def begin(cls) -> "TestRun":
        folder = Path(tempfile.mkdtemp(prefix="boxoffice-tests-"))
        folder.chmod(0o755)  # Postgres may run as another user
        (folder / "owner").write_text(str(os.getpid()))
        os.environ[cls.VARIABLE] = str(folder)
        return cls(folder)

    @classmethod
    def current(cls) -> "TestRun":
        return cls(Path(os.environ[cls.VARIABLE]))

    def servers(self) -> Servers:
        """The servers; the first test that asks for them has them started. Raises RuntimeError with their words."""
        state = self.folder / STATE
        with _locked(self.folder / "lock"):
            if not state.exists():
                self._start_keeper()
        return Servers.from_json(state.read_text())

    def end(self) -> None:
        """Stop the servers and remove the folder."""
        with suppress(FileNotFoundError, psutil.NoSuchProcess):
            keeper = psutil.Process(int((self.folder / "keeper.pid").read_text()))
            keeper.terminate()
            keeper.wait(START_SECONDS)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start_keeper(self) -> None:
        log = self.folder / "keeper.log"
        command = [sys.executable, "-m", "support.keeper", str(self.folder), (self.folder / "owner").read_text()]
        with log.open("wb") as output:
            keeper = subprocess.Popen(
                command, cwd=Path(__file__).parents[1], stdout=output, stderr=output, start_new_session=True
            )
        (self.folder / "keeper.pid").write_text(str(keeper.pid))
        deadline = time.monotonic() + START_SECONDS
        while not (self.folder / STATE).exists():
            if keeper.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the servers for the tests do not start:\n{log.read_text()}")
            time.sleep(0.05)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield

"""Makes `.venv`: what requirements.lock pins, and the packages of this repository in editable form.

`make` runs it with the Python it finds, so it starts on old ones too and says in one line what is missing.
With a LOCK it adds what that pins to a folder that was made before.
Usage: python3 deploy/setup_venv.py [FOLDER [LOCK]]
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
PACKAGES = [*sorted(ROOT.glob("services/*/pyproject.toml")), ROOT / "deploy" / "pyproject.toml"]
INDEX_OF_UV = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX")

OURS = ["--no-deps", "--no-build-isolation", *(part for each in PACKAGES for part in ("-e", str(each.parent)))]


def main(folder):  # type: (Path) -> None
    """Make or complete the environment in `folder`. Ends the process with one line when that cannot be."""
    refuse_unfit_python()
    started = time.monotonic()
    python = folder / "bin" / "python"
    if not works(python):
        say(f"Making {folder.name} with Python {sys.version.split()[0]}")
        run([sys.executable, "-m", "venv", "--clear", str(folder)], "the virtual environment could not be made")
    say("Installing what requirements.lock pins (about 110 packages, among them the servers)")
    run([*install(python, LOCK), *OURS], "our own packages could not be installed")
    ignore_environment(folder / "bin" / "boxoffice")
    say(f"{folder.name} is ready ({time.monotonic() - started:.0f} s)")


def ignore_environment(script):  # type: (Path) -> None
    """Have Python start a script without its variables: with another's PYTHONHOME it would not even begin."""
    lines = script.read_text().splitlines(keepends=True)
    if " -Es" in "".join(lines[:2]):
        return
    if lines[0].startswith("#!/bin/sh"):  # the path of the Python is long, or has blanks
        lines[1] = lines[1].replace(' "$0" ', ' -Es "$0" ')
    else:
        lines[0] = lines[0].rstrip() + " -Es\n"
    script.write_text("".join(lines))


def add(folder, lock):  # type: (Path, Path) -> None
    """Add what `lock` pins to the environment in `folder`."""
    say(f"Installing what {lock.name} pins")
    install(folder / "bin" / "python", lock)


def refuse_unfit_python():  # type: () -> None
    if sys.version_info < (3, 11):  # noqa: UP036 - this very file runs on what `make` finds
        stop(f"this is Python {sys.version.split()[0]}; 3.11 or newer is needed: make PYTHON=python3.12 ...")
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        version = "{}.{}".format(*sys.version_info)
        stop(f"this Python lacks its venv module; on Debian and Ubuntu: sudo apt install python{version}-venv")


def works(python):  # type: (Path) -> bool
    return python.exists() and subprocess.call([str(python), "-c", "import pip"], stderr=subprocess.DEVNULL) == 0


def install(python, lock):  # type: (Path, Path) -> list[str]
    """Install with uv, which takes seconds where pip takes a minute; with pip where uv cannot. Answers what did it."""
    pip = [str(python), "-m", "pip", "install", "--quiet"]
    uv = [str(python.parent / "uv"), "pip", "install", "--quiet", "--python", str(python)]
    hashed = ["--require-hashes", "-r", str(lock)]
    os.environ.update(index_of_pip(python))
    if fetch_uv(python, pip) and subprocess.call(uv + hashed) == 0:
        return uv
    say("uv could not do it; trying pip, which takes a minute")
    run(
        pip + hashed,
        "the packages could not be installed. Either the package index is out of reach, or one of them has no wheel "
        "for this platform: they are there for Linux (glibc) and macOS, x86-64 and arm64",
    )
    return pip


def fetch_uv(python, pip):  # type: (Path, list[str]) -> bool
    pinned = python.parent.parent / "uv.txt"
    pinned.write_text(pin_of("uv"))
    return subprocess.call([*pip, "--require-hashes", "-r", str(pinned)]) == 0


def pin_of(name):  # type: (str) -> str
    """The lines of the lock for one package: its version and its hashes."""
    found = re.search(rf"^{name}==.*?(?=^\S)", LOCK.read_text(), re.MULTILINE | re.DOTALL)
    return found.group() if found else stop(f"requirements.lock has no {name}")


def index_of_pip(python):  # type: (Path) -> dict[str, str]
    """The package index that pip is configured with, for uv, which does not read pip's configuration."""
    if any(name in os.environ for name in INDEX_OF_UV):
        return {}
    listed = subprocess.run([str(python), "-m", "pip", "config", "list"], stdout=subprocess.PIPE, check=False)
    found = re.search(r"\bindex-url='([^']+)'", listed.stdout.decode())
    return {"UV_DEFAULT_INDEX": found.group(1)} if found else {}


def run(command, problem):  # type: (list[str], str) -> None
    if subprocess.call(command, cwd=str(ROOT)) != 0:
        stop(problem)


def say(line):  # type: (str) -> None
    print(line, flush=True)


def stop(problem):  # type: (str) -> str
    raise SystemExit(f"Box Office: {problem}")


if __name__ == "__main__":
    chosen = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / ".venv").absolute()
    if len(sys.argv) > 2:
        add(chosen, Path(sys.argv[2]))
    else:
        main(chosen)

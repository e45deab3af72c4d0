"""The command starts whatever the shell says to Python."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from setup_venv import ignore_environment

BODY = "import sys\nprint(sys.flags.ignore_environment, sys.flags.no_user_site, sys.argv[1:])\n"


@pytest.mark.parametrize(
    "start",
    [
        f"#!{sys.executable}\n",
        f"#!/bin/sh\n'''exec' '{sys.executable}' \"$0\" \"$@\"\n' '''\n",
    ],
)
def test_a_script_ignores_what_the_shell_says_to_python(tmp_path: Path, start: str) -> None:
    script = tmp_path / "script"
    script.write_text(start + BODY)
    script.chmod(0o755)
    for _ in range(2):  # also where it was done before
        ignore_environment(script)
        hostile = {**os.environ, "PYTHONHOME": "/nowhere"}
        done = subprocess.run([script, "a b"], env=hostile, capture_output=True, text=True, check=False)
        assert done.stdout == "1 1 ['a b']\n", done.stderr

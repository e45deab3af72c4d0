"""The machine that cloud-init makes: what is open, who may come in, and that no secret is in it."""

import shutil
import subprocess
from typing import Any

import pytest
import yaml

from engines.state import REPOSITORY

FOLDER = REPOSITORY / "deploy" / "startup"
FILE = FOLDER / "cloud-init.yaml"
OPEN = {"22/tcp", "80/tcp", "443/tcp"}


@pytest.fixture
def config() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILE.read_text())
    return found


def test_it_begins_as_cloud_init_wants_it() -> None:
    assert FILE.read_text().startswith("#cloud-config\n")


def test_three_ports_are_open_and_nobody_has_a_password(config: dict[str, Any]) -> None:
    rules = [line.split() for line in config["runcmd"] if isinstance(line, str) and line.startswith("ufw ")]
    assert {rule[2] for rule in rules if rule[1] in ("allow", "limit")} == OPEN
    assert ["ufw", "default", "deny", "incoming"] in rules
    assert all(user["lock_passwd"] for user in config["users"])
    assert config["ssh_pwauth"] is False
    assert "sudo" not in {user["name"]: user for user in config["users"]}["deploy"]


def test_the_timer_runs_what_is_there(config: dict[str, Any]) -> None:
    units = {each["path"]: each["content"] for each in config["write_files"]}
    [command] = [line for line in units["/etc/systemd/system/boxoffice-backup.service"].splitlines() if "Exec" in line]
    program = command.partition("=")[2].split()[0].removeprefix("/srv/boxoffice/")
    assert (REPOSITORY / program).stat().st_mode & 0o111
    assert "boxoffice-backup.timer" in config["runcmd"][-1]


@pytest.mark.skipif(not shutil.which("cloud-init"), reason="cloud-init is not here: apt install cloud-init")
def test_cloud_init_knows_every_key() -> None:
    done = subprocess.run(
        ["cloud-init", "schema", "--config-file", str(FILE)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr

"""Prometheus's own tool reads its configuration, and tries every alert on made-up series."""

import subprocess

import pytest

from support.prometheus import FOLDER, command_of

SECONDS = 60


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "config", "prometheus.yaml"),
        ("check", "rules", "--lint-fatal", "alerts.yaml"),
        ("test", "rules", "alerts.test.yaml"),
    ],
    ids=" ".join,
)
def test_promtool_is_content(arguments: tuple[str, ...]) -> None:
    command = [*command_of("promtool", FOLDER), *arguments]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

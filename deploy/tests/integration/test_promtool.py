"""Prometheus's own tool reads its configuration, and tries every alert on made-up series."""

import shutil
import subprocess

import pytest
import yaml

from engines.state import REPOSITORY

FOLDER = REPOSITORY / "deploy" / "observability"
LAYER = yaml.safe_load((REPOSITORY / "compose" / "observability.yaml").read_text())
IMAGE = LAYER["services"]["prometheus"]["image"]
SECONDS = 60


@pytest.fixture(scope="module")
def promtool() -> list[str]:
    """The command: the program of this machine, or the one in the image that the layer names, if that is here."""
    if own := shutil.which("promtool"):
        return [own]
    docker = shutil.which("docker")
    if docker and subprocess.run([docker, "image", "inspect", IMAGE], capture_output=True, check=False).returncode == 0:
        return [*(docker, "run", "--rm", "--network=none", "--entrypoint=promtool"), f"-v{FOLDER}:/o:ro", "-w/o", IMAGE]
    pytest.skip(f"promtool is not here: install Prometheus, or `docker pull {IMAGE}`")


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "config", "prometheus.yaml"),
        ("check", "rules", "--lint-fatal", "alerts.yaml"),
        ("test", "rules", "alerts.test.yaml"),
    ],
    ids=" ".join,
)
def test_promtool_is_content(promtool: list[str], arguments: tuple[str, ...]) -> None:
    done = subprocess.run(
        [*promtool, *arguments], cwd=FOLDER, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr

"""A real Prometheus that watches the instances of a stack by the configuration that deployments use."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import yaml

from engines.local.ports import free_port
from engines.protocol import Row
from engines.state import REPOSITORY

FOLDER = REPOSITORY / "deploy" / "observability"
LAYER = yaml.safe_load((REPOSITORY / "compose" / "observability.yaml").read_text())
IMAGE = LAYER["services"]["prometheus"]["image"]


def command_of(program: str, folder: Path, *, name: str = "") -> list[str]:
    """A program of Prometheus: this machine's own, or the one in the image that the layer names, if that is here.

    `folder` may be read by it, and is where it works. A container has the machine's network, and `name`.
    """
    if own := shutil.which(program):
        return [own]
    docker = shutil.which("docker")
    if docker and subprocess.run([docker, "image", "inspect", IMAGE], capture_output=True, check=False).returncode == 0:
        named = ["--name", name] if name else []
        mounted = ["--volume", f"{folder}:{folder}:ro", "--workdir", str(folder), "--entrypoint", program]
        return [docker, "run", "--rm", "--network", "host", *named, *mounted, IMAGE]
    pytest.skip(f"{program} is not here: install Prometheus, or `docker pull {IMAGE}`")


@contextmanager
def prometheus(instances: Sequence[Row]) -> Iterator[httpx.AsyncClient]:
    """Its API. It looks every second at these instances, and finds them by address instead of by DNS."""
    config = yaml.safe_load((FOLDER / "prometheus.yaml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    targets = [f"{row.host}:{row.port}" for row in instances]
    config["scrape_configs"] = [{"job_name": "app", "static_configs": [{"targets": targets}]}]
    name, port = f"watched-{uuid4().hex[:8]}", free_port()
    with tempfile.TemporaryDirectory(prefix="prometheus-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
        (folder / "alerts.yaml").write_text((FOLDER / "alerts.yaml").read_text())
        command = command_of("prometheus", folder, name=name)
        data = "/tmp/data" if "docker" in Path(command[0]).name else str(folder / "data")  # noqa: S108 - in a container
        options = [f"--web.listen-address=127.0.0.1:{port}", f"--storage.tsdb.path={data}"]
        with subprocess.Popen(
            [*command, f"--config.file={folder / 'prometheus.yaml'}", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            try:
                yield httpx.AsyncClient(trust_env=False, base_url=f"http://127.0.0.1:{port}/api/v1")
            finally:
                process.terminate()  # a container's client passes it on

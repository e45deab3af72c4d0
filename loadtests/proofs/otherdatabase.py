"""A second PostgreSQL server, as if somebody else ran it: another machine's in all but the distance."""

import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engines.local.ports import free_port
from engines.local.postgres import remove_data
from engines.local.servers import start
from loadtests.proofs.handshakes import own_address

IMAGE = "postgres:18"
START_SECONDS = 60.0


@contextmanager
def other_postgres(*, container: bool) -> Iterator[str]:
    """Its URL with the login of an administrator; it is gone after the block.

    A container where the tier is made of containers, for they do not reach this machine's loopback.
    """
    with _in_container() if container else _as_process() as url:
        yield url


@contextmanager
def _as_process() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="boxoffice-elsewhere-") as folder:
        server = start("postgres", Path(folder))
        try:
            yield server.url
        finally:
            server.stop()
            remove_data(server.server.data)


@contextmanager
def _in_container() -> Iterator[str]:
    password, port, host = secrets.token_urlsafe(16), free_port(), own_address() or "127.0.0.1"
    published = f"{host}:{port}:5432"
    command = ["docker", "run", "--rm", "--detach", "--env", "POSTGRES_PASSWORD", "--publish", published, IMAGE]
    environment = {**os.environ, "POSTGRES_PASSWORD": password}
    container = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()
    url = f"postgresql://postgres:{password}@{host}:{port}"
    try:
        _until_it_answers(container)
        yield url
    finally:
        subprocess.run(["docker", "rm", "--force", "--volumes", container], check=True, capture_output=True)


def _until_it_answers(container: str) -> None:
    """By TCP: while the image sets it up, it listens to its own socket only."""
    deadline = time.monotonic() + START_SECONDS
    while subprocess.run(
        ["docker", "exec", container, "pg_isready", "--quiet", "--host", "127.0.0.1"], check=False
    ).returncode:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the other Postgres does not answer after {START_SECONDS:g} s")
        time.sleep(0.1)

"""The `docker` command, which knows contexts, remote engines and compose; its errors as errors for the user."""

import io
import json
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from engines.protocol import EngineError

LAST_LINES = 12
LOOK_SECONDS = 10.0


def docker(*arguments: str) -> str:
    """What `docker ARGUMENTS` says. Raises EngineError with the end of its complaint."""
    done = subprocess.run(["docker", *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise EngineError(f"docker {arguments[0]} failed:\n{_end(done.stderr or done.stdout)}")
    return done.stdout


def inspect(identifiers: Sequence[str]) -> list[dict[str, Any]]:
    """All that Docker knows of containers, by name or id. Raises EngineError."""
    return json.loads(docker("inspect", *identifiers)) if identifiers else []


def read_file(container: str, path: str) -> bytes:
    """A file of a container, also of one that is stopped, and of its volumes. Raises EngineError."""
    done = subprocess.run(["docker", "cp", f"{container}:{path}", "-"], capture_output=True, check=False)
    if done.returncode != 0:
        raise EngineError(f"{path} of {container} cannot be read: {_end(done.stderr.decode())}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        content = archive.extractfile(archive.next() or "")
        return content.read() if content else b""


def lines_of(command: Sequence[str]) -> Iterator[str]:
    """What a command says, line by line, for as long as it runs or somebody listens."""
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            for line in process.stdout:
                yield line.rstrip("\n")
        finally:
            process.terminate()


def follow(command: Sequence[str], environment: Mapping[str, str], told: Callable[[str], None]) -> None:
    """Run a command and tell each line that it says. Raises EngineError with the end of them when it fails."""
    said: list[str] = []
    with subprocess.Popen(
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        for line in process.stdout:
            said.append(line.rstrip())
            told(said[-1])
    if process.returncode != 0:
        raise EngineError("\n".join([f"{' '.join(command[:2])} failed:", *said[-LAST_LINES:]]))


def missing() -> str:
    """In words what keeps this engine from working, and what to do; empty when nothing does."""
    if shutil.which("docker") is None:
        return "there is no docker command: install Docker Engine or Docker Desktop"
    if not _says("docker", "version", "--format", "{{.Server.Version}}"):
        return "no Docker engine answers: start it (`sudo systemctl start docker`), or see that this user may use it"
    version = compose_version()
    if not version:
        return "a Docker engine answers, but not `docker compose`: install its plugin docker-compose-plugin"
    if _numbers(version) < (2, 24):
        return f"docker compose {version} is too old: 2.24 or newer is needed"
    return ""


def compose_version() -> str:
    """Of the plugin; empty when there is none."""
    return _says("docker", "compose", "version", "--short").removeprefix("v")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def _says(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LOOK_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _end(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-LAST_LINES:])

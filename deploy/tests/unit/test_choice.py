"""Which engine is chosen, and why."""

from pathlib import Path

import pytest

from engines.choice import choose, cluster, docker
from engines.protocol import EngineError


def program(folder: Path, name: str, exit_code: int) -> None:
    """A client program that ends with `exit_code`."""
    path = folder / name
    path.write_text(f"#!/bin/sh\nexit {exit_code}\n")
    path.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_who_asks_for_an_engine_gets_it() -> None:
    choice = choose("local")
    assert choice.engine.name == "local"
    assert choice.reason == "you asked for it"


def test_without_docker_and_a_cluster_it_is_this_machine(programs: Path) -> None:
    choice = choose(None)
    assert choice.engine.name == "local"
    assert "neither a Docker engine nor a Kubernetes cluster" in choice.reason


@pytest.mark.parametrize("name", ["compose", "kubernetes"])
def test_an_engine_that_is_not_built_says_so(name: str) -> None:
    with pytest.raises(EngineError, match=f"{name} is not built yet: ENGINE=local"):
        choose(name)


def test_an_unknown_engine_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(EngineError, match="local, compose, kubernetes"):
        choose("magic")


def test_a_docker_client_without_an_engine_is_not_there(programs: Path) -> None:
    program(programs, "docker", 1)
    assert not docker()


def test_a_docker_engine_that_answers_is_there(programs: Path) -> None:
    program(programs, "docker", 0)
    assert docker()
    assert "a Docker engine answers" in choose(None).reason


def test_kubectl_without_a_cluster_is_not_there(programs: Path) -> None:
    program(programs, "kubectl", 1)
    assert not cluster()

"""Which engine is chosen, and why."""

from pathlib import Path

import pytest

from engines.choice import choose, cluster, engine_in_use
from engines.protocol import EngineError
from engines.state import CURRENT, current_state


def program(folder: Path, name: str, does: str) -> None:
    """A client program, as a line of shell."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("BOXOFFICE_STATE", str(tmp_path / "state"))
    return tmp_path


def test_who_asks_for_an_engine_gets_it() -> None:
    choice = choose("local")
    assert choice.engine.name == "local"
    assert choice.reason == "you asked for it"


def test_without_docker_and_a_cluster_it_is_this_machine(programs: Path) -> None:
    choice = choose(None)
    assert choice.engine.name == "local"
    assert "there is no docker command" in choice.reason


def test_an_unknown_engine_is_answered_with_those_that_there_are() -> None:
    with pytest.raises(EngineError, match="local, compose, kubernetes"):
        choose("magic")


def test_a_docker_client_without_an_engine_is_not_there(programs: Path) -> None:
    program(programs, "docker", "exit 1")
    choice = choose(None)
    assert choice.engine.name == "local"
    assert "no Docker engine answers: start it" in choice.reason


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ('[ "$1" = version ] && echo 28.0 || exit 1', "not `docker compose`: install its plugin"),
        ("echo 2.20.3", "docker compose 2.20.3 is too old"),
    ],
)
def test_an_engine_without_a_compose_that_will_do_is_not_enough(programs: Path, said: str, problem: str) -> None:
    program(programs, "docker", said)
    choice = choose(None)
    assert choice.engine.name == "local"
    assert problem in choice.reason


def test_where_docker_and_compose_answer_the_startup_tier_runs_on_them(programs: Path) -> None:
    program(programs, "docker", "echo v2.40.3")
    choice = choose(None)
    assert choice.engine.name == "compose"
    assert choice.reason == "a Docker engine and docker compose answer"
    assert choose(None, "growth").engine.name == "local"


def test_a_stack_stays_with_the_engine_that_has_run_it(programs: Path) -> None:
    program(programs, "docker", "echo v2.40.3")
    state = current_state()
    state.make()
    state.write(CURRENT, {"engine": "local"})
    assert choose(None).engine.name == "local"
    assert engine_in_use(None).name == "local"
    state.write(CURRENT, {"engine": "compose"})
    assert engine_in_use(None).name == "compose"


def test_where_a_cluster_answers_the_growth_tier_runs_on_it(programs: Path) -> None:
    program(programs, "kubectl", "exit 0")
    choice = choose(None, "growth")
    assert (choice.engine.name, choice.reason) == ("kubernetes", "a Kubernetes cluster answers")
    assert choose(None).engine.name != "kubernetes"


def test_kubectl_without_a_cluster_is_not_there(programs: Path) -> None:
    program(programs, "kubectl", "exit 1")
    assert not cluster()
    assert choose(None, "growth").engine.name == "local"

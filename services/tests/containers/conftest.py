"""Tests of images and containers: for `TEST_ENGINE=compose`, which `make test-compose` sets."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from engines.compose.containers import Container, containers
from engines.compose.docker import inspect
from engines.compose.project import Project
from support.stack import ENGINE, Stack
from support.tier import Tier

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents and ENGINE != "compose":
            item.add_marker(pytest.mark.skip(reason="containers are looked at by `make test-compose`"))


@pytest.fixture
def project(stack: Stack, tier: Tier) -> Project:
    """The stack of the tests as compose knows it."""
    return Project.of(stack.state, ["startup.yaml"])


@pytest.fixture
def running(project: Project) -> Sequence[Container]:
    return containers(project.name)


@pytest.fixture
def image(running: Sequence[Container]) -> dict[str, object]:
    """What Docker knows of the app's image."""
    [found] = inspect([next(each.image for each in running if each.service == "app")])
    return found

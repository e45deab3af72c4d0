"""New code while people buy: another image, the same places, and nobody notices."""

import pytest

from engines.compose.containers import containers
from engines.compose.project import Project
from support.crowd import Crowd
from support.promises import Promises
from support.stack import Stack

pytestmark = pytest.mark.faults


async def test_an_upgrade_under_load(
    stack: Stack, project: Project, crowd: Crowd, promises: Promises, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {each.process: each for each in containers(project.name)}
    monkeypatch.setenv("BOXOFFICE_VERSION", "0.1.1")

    await stack.upgrade()
    await crowd.until_accepted(3)
    await crowd.stop()

    after = {each.process: each for each in containers(project.name)}
    assert set(after) == set(before), "the instances have the places that they had"
    replaced = {name for name in after if after[name].pid != before[name].pid}
    assert replaced == {name for name in after if name.startswith("app-")}
    assert all("VERSION=0.1.1" in after[name].details["Config"]["Env"] for name in replaced)
    assert crowd.failed == []
    assert {each.status for each in crowd.exchanges} <= {200, 201, 202, 409}, "nobody was signed out"
    await promises.kept(crowd.accepted)


async def test_an_upgrade_to_what_is_there_changes_nothing(
    stack: Stack, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOXOFFICE_VERSION", "0.1.1")
    before = {each.name: each.pid for each in containers(project.name)}
    await stack.upgrade()
    assert {each.name: each.pid for each in containers(project.name)} == before

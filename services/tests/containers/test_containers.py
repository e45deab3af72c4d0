"""What each container may do, which is little, and what it can reach."""

from collections.abc import Sequence

import pytest

from engines.compose.containers import Container
from engines.compose.docker import docker
from engines.compose.project import Project
from support.stack import Stack


def test_each_has_few_rights_and_bounds(running: Sequence[Container]) -> None:
    for each in running:
        rights = each.details["HostConfig"]
        assert rights["ReadonlyRootfs"], each.name
        assert rights["CapDrop"] == ["ALL"], each.name
        assert rights["CapAdd"] in (None, [], ["NET_BIND_SERVICE"], ["CAP_NET_BIND_SERVICE"]), each.name
        assert "no-new-privileges:true" in rights["SecurityOpt"], each.name
        assert rights["Memory"] > 0, each.name
        assert rights["PidsLimit"] > 0, each.name
        assert rights["RestartPolicy"]["Name"] == "unless-stopped", each.name
        assert "Health" in each.details["State"], each.name


def test_nobody_is_root(running: Sequence[Container]) -> None:
    for each in running:
        assert docker("top", each.name, "-eo", "uid,pid").splitlines()[1].split()[0] != "0", each.name


def test_only_the_edge_can_be_reached_from_outside(running: Sequence[Container]) -> None:
    published = {each.service for each in running if any(each.details["NetworkSettings"]["Ports"].values())}
    assert published == {"edge"}


def test_there_is_no_way_out_where_nothing_outside_is_needed(running: Sequence[Container]) -> None:
    for each in running:
        networks = sorted(each.details["NetworkSettings"]["Networks"])
        closed = docker("network", "inspect", "-f", "{{.Internal}}", *networks).split()
        pairs = zip(networks, closed, strict=True)
        ways_out = [name.rpartition("_")[2] for name, is_closed in pairs if is_closed != "true"]
        assert ways_out == (["public"] if each.service == "edge" else []), each.name


def test_no_credential_is_in_an_environment_or_a_command(
    stack: Stack, running: Sequence[Container], project: Project
) -> None:
    access = stack.access()
    secrets = [access.vault_token, access.database_url.split(":")[2].partition("@")[0]]
    secrets += [password for _, password in access.logins.values()]
    secret_id = docker("exec", project.container("app-1"), "cat", "/logins/app-secret-id").strip()
    for each in running:
        told = " ".join([*each.details["Config"]["Env"], *each.details["Args"], *(each.details["Config"]["Cmd"] or [])])
        assert not [secret for secret in [*secrets, secret_id] if secret in told], each.name


@pytest.mark.parametrize("path", ["/opt/boxoffice/app/x", "/usr/local/x", "/logins/x"])
def test_an_instance_can_write_nothing_that_stays(path: str, project: Project) -> None:
    said = docker("exec", project.container("app-1"), "sh", "-c", f"touch {path} 2>&1 || true")
    assert "Read-only file system" in said


def test_commands_on_data_go_on_inside(stack: Stack) -> None:
    assert "catalog is seeded" in stack.run("seed")
    assert "projections rebuilt" in stack.run("replay", "orders")
    stack.run("dead-letters", "list")

"""A release on a cluster: its own test, upgrades and a rollback, while people buy."""

import json

import pytest

from engines.kubernetes.cluster import Cluster
from engines.kubernetes.pods import APP, is_app, living
from engines.protocol import EngineError
from support.crowd import Crowd
from support.promises import Promises
from support.release import Release
from support.stack import Stack
from support.unnoticed import check_unnoticed

pytestmark = pytest.mark.faults


async def test_helm_buys_a_ticket(release: Release) -> None:
    said = await release.helm("test", APP, "--logs", "--timeout", "180s")
    assert "bought seat" in said


async def test_an_upgrade_that_replaces_every_pod(stack: Stack, crowd: Crowd, promises: Promises) -> None:
    before = set(await stack.instances())

    await stack.upgrade()
    await crowd.until_accepted(3)
    await crowd.stop()

    assert not before & set(await stack.instances())
    check_unnoticed(crowd)
    await promises.kept(crowd.accepted)


async def test_a_release_that_does_not_start_is_noticed_by_its_operator_only(
    stack: Stack, release: Release, crowd: Crowd, promises: Promises
) -> None:
    """Its pods never become ready, so none of the old ones goes; a rollback removes what is left of it."""
    before = set(await stack.instances())

    with pytest.raises(EngineError):
        await release.change("orders", {"image": {"tag": "no-such-version"}}, seconds=10)
    await crowd.until_accepted(3)
    await release.back()
    await crowd.until_accepted(3)
    await crowd.stop()

    await stack.until_ready()
    assert set(await stack.instances()) == before
    check_unnoticed(crowd)
    await promises.kept(crowd.accepted)


async def test_one_service_is_upgraded_alone_and_rolled_back(
    stack: Stack, release: Release, crowd: Crowd, promises: Promises
) -> None:
    before, orders = set(await stack.instances()), set(await stack.those_of("orders"))

    await release.change("orders", {"env": {"ORDERS_RELEASE": "2"}})
    assert await release.environment("orders") >= {("ORDERS_RELEASE", "2")}
    await crowd.until_accepted(3)
    await release.back()
    assert not await release.environment("orders") >= {("ORDERS_RELEASE", "2")}
    await crowd.until_accepted(3)
    await crowd.stop()

    await stack.until_ready()
    assert before - set(await stack.instances()) == orders
    check_unnoticed(crowd)
    await promises.kept(crowd.accepted)


async def test_no_pod_may_ask_the_cluster_anything(cluster: Cluster) -> None:
    for pod in living(cluster.get("pods")):
        if is_app(pod):
            assert pod["spec"]["automountServiceAccountToken"] is False
            assert "kube-api-access" not in json.dumps(pod["spec"]["volumes"])

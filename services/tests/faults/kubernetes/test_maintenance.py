"""Nodes are emptied for maintenance: their pods are asked to leave, as many at a time as the budgets allow."""

import asyncio
import json
from collections import Counter
from functools import partial

import pytest

from chassis.testing import eventually
from engines.kubernetes.cluster import Cluster
from engines.kubernetes.pods import COMPONENT, labels, living
from engines.protocol import EngineError
from support.crowd import Crowd
from support.promises import Promises
from support.stack import LOOK_SECONDS, Stack
from support.unnoticed import check_unnoticed

pytestmark = pytest.mark.faults

LEAVES_SECONDS = 90
DRAIN_SECONDS = 300


def evict(cluster: Cluster, pod: str) -> bool:
    """Ask a pod to leave, as the drain of a node does; False where its budget does not allow it at the moment."""
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod}}
    path = f"/api/v1/namespaces/{cluster.namespace}/pods/{pod}/eviction"
    try:
        cluster.kubectl("create", "--raw", path, "--filename", "-", stdin=json.dumps(eviction))
    except EngineError as error:
        if "disruption budget" not in str(error):
            raise
        return False
    return True


@pytest.fixture
def several_nodes(cluster: Cluster) -> None:
    """More nodes than one to be on."""
    if sum(not each["spec"].get("unschedulable") for each in cluster.get("nodes")) < 2:
        pytest.skip("on one node there is nowhere to go: run this on a cluster of two or more")


def test_two_instances_are_on_two_nodes(several_nodes: None, cluster: Cluster) -> None:
    found = Counter(places(cluster))
    assert [place for place, instances in found.items() if instances > 1] == []


async def test_instances_that_are_asked_to_leave_go_one_after_the_other(
    stack: Stack, cluster: Cluster, crowd: Crowd, promises: Promises
) -> None:
    before = [*await stack.those_of("orders"), *await stack.those_of("seats")]
    assert len(before) == 4

    at_once = [await asyncio.to_thread(evict, cluster, pod) for pod in before]
    assert at_once == [True, False, True, False], "of two, one at a time may leave"
    for pod in before[1::2]:
        leaves = partial(asyncio.to_thread, evict, cluster, pod)
        await eventually(leaves, seconds=LEAVES_SECONDS, pause=LOOK_SECONDS)
    await stack.until_ready()
    await crowd.until_accepted(3)
    await crowd.stop()

    assert not set(before) & set(await stack.instances())
    check_unnoticed(crowd)
    await promises.kept(crowd.accepted)


async def test_a_node_that_is_drained(
    several_nodes: None, stack: Stack, cluster: Cluster, crowd: Crowd, promises: Promises
) -> None:
    """Only the instances of the app are asked to leave: of the servers for trying out there is no second one."""
    [(node, _)] = Counter(node for _, node in places(cluster)).most_common(1)
    try:
        drain = ["drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--pod-selector=boxoffice/role"]
        timeout = f"--timeout={DRAIN_SECONDS}s"
        await asyncio.to_thread(cluster.kubectl, *drain, timeout, seconds=DRAIN_SECONDS + 10)
        await stack.until_ready()
        await crowd.until_accepted(3)
        await crowd.stop()
        assert node not in [each for _, each in places(cluster)]
    finally:
        await asyncio.to_thread(cluster.kubectl, "uncordon", node)
    check_unnoticed(crowd)
    await promises.kept(crowd.accepted)


def places(cluster: Cluster) -> list[tuple[str, str]]:
    """The service and the node of each instance of the app."""
    found = living(cluster.get("pods", "--selector", "boxoffice/role"))
    return [(labels(each)[COMPONENT], each["spec"]["nodeName"]) for each in found]

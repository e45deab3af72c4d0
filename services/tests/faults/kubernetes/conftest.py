"""What only a cluster has: tried on the tier that `make test-kubernetes` brings up in whatever KUBECONFIG points at."""

import pytest

from engines.kubernetes.cluster import Cluster
from support.release import Release
from support.stack import ENGINE, Stack
from support.tier import Tier

collect_ignore_glob = [] if ENGINE == "kubernetes" else ["test_*.py"]


@pytest.fixture
def cluster(stack: Stack, tier: Tier) -> Cluster:
    """The namespace of the stack, by way of kubectl and helm."""
    assert tier.url
    return Cluster(stack.namespace)


@pytest.fixture
def release(cluster: Cluster) -> Release:
    return Release(cluster)

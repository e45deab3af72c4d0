"""Logging in to Vault as a pod: its service account's token, which the cluster vouches for."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hvac.exceptions import Forbidden

from chassis.outgoing import vault_client
from chassis.secrets.secrets import VaultSecrets
from chassis.secrets.vault import KubernetesLogin
from support.cluster import Cluster, running_cluster, unknown_token
from support.vault import TestVault

pytestmark = pytest.mark.timeout(30)


@pytest.fixture
async def cluster() -> AsyncIterator[Cluster]:
    async with running_cluster() as cluster:
        yield cluster


@pytest.fixture
def mount(vault: TestVault, cluster: Cluster) -> str:
    """Where this test's own Kubernetes auth method is mounted."""
    root, path = vault.root(), f"kubernetes-{secrets.token_hex(4)}"
    cluster.trust_in(root, path)
    role = {
        "bound_service_account_names": "alpha",
        "bound_service_account_namespaces": "shop",
        "token_policies": "all",
        "token_ttl": "1h",
    }
    root.write_data(f"auth/{path}/role/alpha", data=role)
    return path


async def test_a_pod_logs_in_by_its_service_account(
    vault: TestVault, cluster: Cluster, mount: str, tmp_path: Path
) -> None:
    jwt = tmp_path / "token"
    jwt.write_text(cluster.token("shop", "alpha") + "\n")
    vault.put("services/pod", {"colour": "teal"})
    secrets = VaultSecrets(vault.address, KubernetesLogin("alpha", jwt, mount))
    await secrets.open()
    assert await secrets.read("services/pod") == {"colour": "teal"}
    await secrets.close()


async def test_a_token_that_the_cluster_does_not_know_is_refused(vault: TestVault, mount: str, tmp_path: Path) -> None:
    jwt = tmp_path / "token"
    jwt.write_text(unknown_token("shop", "alpha"))
    login = KubernetesLogin("alpha", jwt, mount)
    with pytest.raises(Forbidden):
        await asyncio.to_thread(login, vault_client(vault.address))

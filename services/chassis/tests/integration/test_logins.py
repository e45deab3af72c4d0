"""Logging in to Vault as a pod: its service account's token, which the cluster vouches for."""

import asyncio
import base64
import json
import secrets
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import certifi
import hvac
import pytest
from fastapi import FastAPI, Request
from hvac.exceptions import Forbidden

from chassis.secrets import VaultSecrets
from chassis.vault import KubernetesLogin, Vault
from support.http import serving
from support.vault import TestVault

pytestmark = pytest.mark.timeout(30)

ACCOUNT = {"namespace": "shop", "serviceaccount": {"name": "alpha", "uid": "1"}}


def token_of(account: dict[str, Any]) -> str:
    """A token as the kubelet projects it, signed by nobody: the cluster below says whether it is good."""
    claims = {"exp": int(time.time()) + 600, "iat": int(time.time()), "kubernetes.io": account}
    parts = (json.dumps({"alg": "RS256"}), json.dumps(claims), secrets.token_hex(32))
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)


@pytest.fixture
async def cluster() -> AsyncIterator[tuple[str, set[str]]]:
    """The part of a Kubernetes API server that Vault asks, and the tokens that it accepts."""
    accepted: set[str] = set()
    app = FastAPI()

    @app.post("/apis/authentication.k8s.io/v1/tokenreviews", status_code=201)
    async def review(request: Request) -> dict[str, Any]:
        token = (await request.json())["spec"]["token"]
        user = {"username": "system:serviceaccount:shop:alpha", "uid": "1", "groups": ["system:serviceaccounts"]}
        good = {"authenticated": True, "user": user}
        return {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenReview",
            "status": good if token in accepted else {"authenticated": False},
        }

    async with serving(app) as url:
        yield url, accepted


@pytest.fixture
def mount(vault: TestVault, cluster: tuple[str, set[str]]) -> str:
    """Where this test's own Kubernetes auth method is mounted."""
    root, path = vault.root(), f"kubernetes-{secrets.token_hex(4)}"
    root.sys.enable_auth_method("kubernetes", path=path)
    any_certificate = certifi.contents().split("\n\n")[1]  # it wants one, though it asks over plain HTTP here
    config = {"kubernetes_host": cluster[0], "kubernetes_ca_cert": any_certificate, "disable_local_ca_jwt": True}
    root.write_data(f"auth/{path}/config", data=config)
    role = {
        "bound_service_account_names": "alpha",
        "bound_service_account_namespaces": "shop",
        "token_policies": "all",
        "token_ttl": "1h",
    }
    root.write_data(f"auth/{path}/role/alpha", data=role)
    return path


async def test_a_pod_logs_in_by_its_service_account(
    vault: TestVault, cluster: tuple[str, set[str]], mount: str, tmp_path: Path
) -> None:
    jwt = tmp_path / "token"
    jwt.write_text(token_of(ACCOUNT) + "\n")
    cluster[1].add(jwt.read_text().strip())
    vault.put("services/pod", {"colour": "teal"})
    secrets = VaultSecrets(Vault(vault.address, KubernetesLogin("alpha", jwt, mount)))
    await secrets.open()
    assert await secrets.read("services/pod") == {"colour": "teal"}
    await secrets.close()


async def test_a_token_that_the_cluster_does_not_know_is_refused(vault: TestVault, mount: str, tmp_path: Path) -> None:
    jwt = tmp_path / "token"
    jwt.write_text(token_of(ACCOUNT))
    login = KubernetesLogin("alpha", jwt, mount)
    with pytest.raises(Forbidden):
        await asyncio.to_thread(login, hvac.Client(vault.address))

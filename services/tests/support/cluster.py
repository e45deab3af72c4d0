"""The part of a Kubernetes cluster that Vault asks: whose token is this? Tokens look like those of a kubelet."""

import base64
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import certifi
import hvac
from fastapi import FastAPI, Request

from support.http import serving

REVIEW = "authentication.k8s.io/v1"


class Cluster:
    """Vouches for the tokens that it has issued."""

    def __init__(self, url: str = "") -> None:
        self.url = url
        self._accounts: dict[str, tuple[str, str, str]] = {}

    def token(self, namespace: str, account: str, *, audience: str = "vault") -> str:
        """A token of this service account, as the kubelet projects it into a pod."""
        token = unknown_token(namespace, account, audience=audience)
        self._accounts[token] = (namespace, account, audience)
        return token

    def review(self, token: str, audiences: list[str]) -> dict[str, Any]:
        """What the API server answers to a TokenReview."""
        namespace, account, audience = self._accounts.get(token, ("", "", ""))
        if not account or (audiences and audience not in audiences):
            return {"authenticated": False}
        user = {"username": f"system:serviceaccount:{namespace}:{account}", "uid": "1"}
        return {"authenticated": True, "user": {**user, "groups": ["system:serviceaccounts"]}, "audiences": [audience]}

    def trust_in(self, vault: hvac.Client, mount: str) -> None:
        """Have Vault's auth method at `mount` ask this cluster."""
        vault.sys.enable_auth_method("kubernetes", path=mount)
        any_certificate = certifi.contents().split("\n\n")[1]  # it wants one, though it asks over plain HTTP here
        config = {"kubernetes_host": self.url, "kubernetes_ca_cert": any_certificate, "disable_local_ca_jwt": True}
        vault.write_data(f"auth/{mount}/config", data=config)


def unknown_token(namespace: str, account: str, *, audience: str = "vault") -> str:
    """A token that says whose it is, and that no cluster has issued: it is signed by nobody."""
    claims = {
        "aud": [audience],
        "exp": int(time.time()) + 600,
        "iat": int(time.time()),
        "kubernetes.io": {"namespace": namespace, "serviceaccount": {"name": account, "uid": "1"}},
    }
    parts = (json.dumps({"alg": "RS256"}), json.dumps(claims), secrets.token_hex(32))
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)


@asynccontextmanager
async def running_cluster() -> AsyncIterator[Cluster]:
    """A cluster that answers at `url` while the block lasts."""
    cluster, app = Cluster(), FastAPI()

    @app.post(f"/apis/{REVIEW}/tokenreviews", status_code=201)
    async def review(request: Request) -> dict[str, Any]:
        spec = (await request.json())["spec"]
        status = cluster.review(spec["token"], spec.get("audiences") or [])
        return {"apiVersion": REVIEW, "kind": "TokenReview", "status": status}

    async with serving(app) as cluster.url:
        yield cluster

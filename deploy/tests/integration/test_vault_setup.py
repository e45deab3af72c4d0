"""Setting up Vault for a cluster: each service account has the secrets of its service and no other's."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import hvac
import pytest
from hvac import exceptions as refused

from chassis.outgoing import vault_client
from chassis.settings import Settings
from engines.local.openbao import OpenBao
from engines.local.servers import Running
from engines.vault_bootstrap import bootstrap
from engines.vault_operator import POLICY
from engines.vault_setup import plan_from
from support.cluster import Cluster, running_cluster, unknown_token

pytestmark = [pytest.mark.timeout(120), pytest.mark.xdist_group("servers")]

SERVICES = ["orders", "payments"]
PLAN = {
    "services": SERVICES,
    "logins": {service: [service] for service in SERVICES},
    "kubernetes": {"namespace": "shop", "account": "boxoffice-{login}", "audience": "vault"},
}
SETUP_ROLE = {
    "bound_service_account_names": "boxoffice-vault-setup",
    "bound_service_account_namespaces": "shop",
    "token_policies": "setup",
    "audience": "vault",
}


@dataclass(frozen=True)
class SetUp:
    """A Vault that was set up as the Job of the chart does it."""

    address: str
    cluster: Cluster

    async def login(self, role: str, account: str, *, namespace: str = "shop", audience: str = "vault") -> hvac.Client:
        return await self.login_with(role, self.cluster.token(namespace, account, audience=audience))

    async def login_with(self, role: str, token: str) -> hvac.Client:
        client = vault_client(self.address)
        await asyncio.to_thread(client.auth.kubernetes.login, role, token)
        return client


@pytest.fixture
async def vault(servers: dict[str, Running], tmp_path: Path) -> AsyncIterator[SetUp]:
    openbao = servers["openbao"].server
    assert isinstance(openbao, OpenBao)
    root = vault_client(openbao.url, token=openbao.root_token)
    async with running_cluster() as cluster:
        if "kubernetes/" in (await asyncio.to_thread(root.sys.list_auth_methods))["data"]:
            await asyncio.to_thread(root.sys.disable_auth_method, "kubernetes")
        cluster.trust_in(root, "kubernetes")
        root.sys.create_or_update_policy("setup", POLICY.read_text())
        root.write_data("auth/kubernetes/role/boxoffice-setup", data=SETUP_ROLE)
        jwt = tmp_path / "token"
        jwt.write_text(cluster.token("shop", "boxoffice-vault-setup"))
        settings = Settings(
            vault_addr=openbao.url, vault_auth="kubernetes", vault_role="boxoffice-setup", vault_jwt_file=jwt
        )
        files = {"database_url": servers["postgres"].url, "redis_url": "rediss://:pw@cache.example"}
        text = json.dumps({**PLAN, "vault_addr": openbao.url})
        await asyncio.to_thread(lambda: bootstrap(plan_from(text, files, settings)))
        yield SetUp(openbao.url, cluster)


@pytest.mark.parametrize(("one", "other"), [("orders", "payments"), ("payments", "orders")])
async def test_a_service_account_has_the_secrets_of_its_service_and_no_others(
    vault: SetUp, one: str, other: str
) -> None:
    client = await vault.login(one, f"boxoffice-{one}")
    allowed = [f"database/creds/{one}", "kv/data/shared"]
    denied = [f"database/creds/{other}", f"database/creds/{one}-owner", f"kv/data/services/{other}"]
    for path in allowed:
        assert await asyncio.to_thread(client.read, path)
    for path in denied:
        with pytest.raises(refused.Forbidden):
            await asyncio.to_thread(client.read, path)


async def test_migrations_may_change_every_database_and_serve_none(vault: SetUp) -> None:
    client = await vault.login("migrate", "boxoffice-migrate")
    assert await asyncio.to_thread(client.read, "database/creds/orders-owner")
    with pytest.raises(refused.Forbidden):
        await asyncio.to_thread(client.read, "database/creds/orders")


async def test_nobody_else_may_log_in_as_a_service(vault: SetUp) -> None:
    others = [
        vault.cluster.token("shop", "boxoffice-orders"),
        vault.cluster.token("elsewhere", "boxoffice-payments"),
        vault.cluster.token("shop", "boxoffice-payments", audience="https://kubernetes.default.svc"),
        unknown_token("shop", "boxoffice-payments"),
    ]
    for token in others:
        with pytest.raises((refused.Forbidden, refused.InvalidRequest)):
            await vault.login_with("payments", token)
    assert await vault.login("payments", "boxoffice-payments")


async def test_without_the_login_of_an_administrator_it_says_what_is_missing() -> None:
    with pytest.raises(ValueError, match="no database_url"):
        plan_from("{}", {}, Settings())

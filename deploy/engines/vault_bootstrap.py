"""Sets up Vault for a stack: secrets, leased database users, policies, logins. Harmless when all of it is there.

Secrets are made once and never overwritten. As a program it reads its `VaultPlan` as JSON from standard input, so that
no credential is in the environment or on a command line.
"""

import secrets
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import hvac
from hvac import exceptions as refused

from chassis.outgoing import vault_client
from chassis.secrets.redis_login import PASSWORD, UNIT
from engines.databases import VAULT, ensure_databases, maintenance_url
from engines.vault_logins import ensure_logins
from engines.vault_operator import ensure_operator, operator_token, renew
from engines.vault_plan import VaultPlan

FOLDER = Path(__file__).parents[1] / "vault"

KV = "kv"
DATABASE = "database"
CONNECTION = "postgres"
SCRAM = "scram-sha-256"
"""Vault sends hashes to Postgres, which so never sees a leased user's password, nor logs it."""

GENERATED: Mapping[str, Mapping[str, Callable[[], str]]] = {
    "accounts": {
        "demo_password": lambda: secrets.token_urlsafe(12),
        "organiser_password": lambda: secrets.token_urlsafe(12),
        "signing_key": lambda: secrets.token_hex(32),
    },
    "payments": {"provider_api_key": lambda: f"sk_{secrets.token_urlsafe(24)}"},
    "notifications": {"ticket_key": lambda: secrets.token_hex(32)},
}
"""The secrets of single services that can be any random text."""


def generated(service: str) -> Mapping[str, Callable[[], str]]:
    """What can be any random text, of one service."""
    return {PASSWORD: lambda: secrets.token_urlsafe(24), **GENERATED.get(service, {})}


def bootstrap(plan: VaultPlan) -> None:
    """Carry out `plan`. Raises hvac's errors, asyncpg.PostgresError and OSError."""
    root = vault_client(plan.vault_addr, token=plan.token) if plan.token else None
    if root is not None and plan.operator:
        _mount(root)
        ensure_operator(root, plan.operator)
    client = _at_work(plan)
    _mount(client)
    _databases(client, plan)
    for service in plan.services:
        _database_roles(client, plan, service)
        made = {name: make() for name, make in generated(service).items()}
        _secrets(client, f"services/{service}", made, _redis(plan, service))
        for kind in ("service", "migrate"):
            client.sys.create_or_update_acl_policy(f"{kind}-{service}", _text(f"policies/{kind}.hcl", service))
    if UNIT in plan.redis_passwords:
        client.sys.create_or_update_acl_policy(UNIT, (FOLDER / "policies" / "app.hcl").read_text())
        _secrets(client, UNIT, {}, _redis(plan, UNIT))
    if plan.shared:
        client.secrets.kv.v2.create_or_update_secret("shared", dict(plan.shared), mount_point=KV)
    ensure_logins(client, plan)
    if plan.operator:
        renew(client, plan.operator)
    if root is not None and plan.root_token_file:
        root.auth.token.revoke_self()
        plan.root_token_file.unlink(missing_ok=True)


def _at_work(plan: VaultPlan) -> hvac.Client:
    """Who does the work: the operator, or in a cluster the login that the token is of."""
    token = operator_token(plan.vault_addr, plan.operator) if plan.operator else plan.token
    return vault_client(plan.vault_addr, token=token)


def _mount(client: hvac.Client) -> None:
    engines = client.sys.list_mounted_secrets_engines()["data"]
    if f"{KV}/" not in engines:
        client.sys.enable_secrets_engine("kv", path=KV, options={"version": "2"})
    _until_versioned(client)
    if f"{DATABASE}/" not in engines:
        client.sys.enable_secrets_engine("database", path=DATABASE)


def _until_versioned(client: hvac.Client) -> None:
    """A new mount of KV refuses everything until it is ready for versions. Raises hvac's InvalidRequest."""
    for _ in range(100):
        try:
            client.secrets.kv.v2.read_configuration(mount_point=KV)
        except refused.InvalidRequest:
            time.sleep(0.05)
        else:
            return
    client.secrets.kv.v2.read_configuration(mount_point=KV)


def _databases(client: hvac.Client, plan: VaultPlan) -> None:
    """The databases, and Vault's way to Postgres: made anew when it does not work or Postgres is elsewhere."""
    url = connection_url(plan.postgres_url)
    if _connection(client).get("connection_url") == url and _connection_works(client):
        ensure_databases(plan.postgres_url, plan.services, vault_password=None)
        return
    password = secrets.token_urlsafe(32)
    ensure_databases(plan.postgres_url, plan.services, vault_password=password)
    client.secrets.database.configure(
        CONNECTION,
        plugin_name="postgresql-database-plugin",
        allowed_roles="*",
        connection_url=url,
        username=VAULT,
        password=password,
        password_authentication=SCRAM,
        max_open_connections=8,
        max_connection_lifetime="5m",
        mount_point=DATABASE,
    )


def connection_url(postgres_url: str) -> str:
    """Vault's template of the URL: the address of `postgres_url`, Vault's own login."""
    parts = urlsplit(maintenance_url(postgres_url))
    netloc = f"{{{{username}}}}:{{{{password}}}}@{parts.hostname}:{parts.port or 5432}"
    return parts._replace(netloc=netloc).geturl()


def _connection(client: hvac.Client) -> dict[str, Any]:
    try:
        answer = client.secrets.database.read_connection(CONNECTION, mount_point=DATABASE)
    except refused.InvalidPath:
        return {}
    details: dict[str, Any] = answer["data"]["connection_details"]
    return details


def _connection_works(client: hvac.Client) -> bool:
    try:
        client.secrets.database.reset_connection(CONNECTION, mount_point=DATABASE)
    except refused.VaultError:
        return False
    return True


def _database_roles(client: hvac.Client, plan: VaultPlan, service: str) -> None:
    for role, creation in ((service, "sql/service.sql"), (f"{service}-owner", "sql/owner.sql")):
        client.secrets.database.create_role(
            role,
            db_name=CONNECTION,
            creation_statements=_statements(creation, service),
            renew_statements=_statements("sql/renew.sql", service),
            revocation_statements=_statements("sql/revoke.sql", service),
            default_ttl=plan.lease_seconds,
            max_ttl=plan.longest_lease_seconds,
            mount_point=DATABASE,
        )


def _redis(plan: VaultPlan, user: str) -> dict[str, str]:
    return {PASSWORD: plan.redis_passwords[user]} if user in plan.redis_passwords else {}


def _secrets(client: hvac.Client, path: str, values: Mapping[str, str], fixed: Mapping[str, str]) -> None:
    """Add those of `values` whose names are not there yet; `fixed` are what they are, whatever was there."""
    try:
        answer = client.secrets.kv.v2.read_secret_version(path, mount_point=KV, raise_on_deleted_version=True)["data"]
        there, version = answer["data"], answer["metadata"]["version"]
    except refused.InvalidPath:
        there, version = {}, 0
    wanted = {**values, **there, **fixed}
    if wanted != there:
        client.secrets.kv.v2.create_or_update_secret(path, wanted, cas=version, mount_point=KV)


def _text(name: str, service: str) -> str:
    return (FOLDER / name).read_text().replace("{{service}}", service)


def _statements(name: str, service: str) -> list[str]:
    return [line for line in _text(name, service).splitlines() if line]


if __name__ == "__main__":
    try:
        bootstrap(VaultPlan.from_json(sys.stdin.read()))
    except Exception as error:
        sys.exit(f"setting up Vault failed: {type(error).__name__}: {error}")

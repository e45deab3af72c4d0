"""How processes prove to Vault who they are: on a machine by two files, in a cluster by the pod's service account."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import hvac
from hvac import exceptions as refused

from engines.local.server import replace_secret
from engines.tier import UNIT
from engines.vault_plan import ServiceAccounts, VaultPlan

APPROLE = "approle"
KUBERNETES = "kubernetes"
TOOLS = "tools"
"""The login of commands that work on the data of every service."""
FOR_COMMANDS = ("migrate", TOOLS)
SHORT_SECONDS = 900
"""A command logs in at once: what it logs in with is made for it, and good for no longer."""
CLUSTER = "https://kubernetes.default.svc"
"""The API server, for a Vault that runs in the same cluster: it asks with its own service account."""


def ensure_logins(client: hvac.Client, plan: VaultPlan) -> None:
    """Each login gets the policies of its services and no more; `migrate` those of the owners. Raises hvac's errors."""
    policies = {name: [f"service-{service}" for service in services] for name, services in plan.logins.items()}
    if UNIT in policies:
        policies[UNIT].append(UNIT)
    policies["migrate"] = [f"migrate-{service}" for service in plan.services]
    policies[TOOLS] = [f"service-{service}" for service in plan.services]
    if plan.kubernetes:
        _by_service_account(client, plan, plan.kubernetes, policies)
    if plan.credentials:
        _by_files(client, plan, plan.credentials, policies)


def _by_service_account(
    client: hvac.Client, plan: VaultPlan, accounts: ServiceAccounts, policies: Mapping[str, Sequence[str]]
) -> None:
    _enable(client, KUBERNETES)
    kubernetes = client.auth.kubernetes
    try:
        kubernetes.read_config(mount_point=KUBERNETES)
    except refused.InvalidPath:  # one that is there may know better, e.g. that the cluster is elsewhere
        kubernetes.configure(CLUSTER, mount_point=KUBERNETES)
    for login, names in policies.items():
        if login == TOOLS:
            continue  # a command runs in a pod of a service
        role = {  # hvac's own method knows nothing of audiences
            "bound_service_account_names": [accounts.account.format(login=login)],
            "bound_service_account_namespaces": [accounts.namespace],
            "audience": accounts.audience,
            "token_policies": list(names),
            **_token_times(plan),
        }
        client.write_data(f"auth/{KUBERNETES}/role/{login}", data=role)


def _by_files(client: hvac.Client, plan: VaultPlan, credentials: Path, policies: Mapping[str, Sequence[str]]) -> None:
    _enable(client, APPROLE)
    approle = client.auth.approle
    for login, names in policies.items():
        seconds = SHORT_SECONDS if login in FOR_COMMANDS else plan.secret_id_seconds
        times = {**_token_times(plan), "secret_id_ttl": f"{seconds}s"}
        approle.create_or_update_approle(login, token_policies=list(names), mount_point=APPROLE, **times)
        if login != TOOLS:
            lend(client, login, credentials)
    for login in plan.outdated:
        approle.delete_role(login, mount_point=APPROLE)
        for kind in ("role", "secret"):
            (credentials / f"{login}-{kind}-id").unlink(missing_ok=True)


def lend(client: hvac.Client, login: str, folder: Path) -> None:
    """Write files with which a process logs in, for as long as the role says. Raises hvac's errors."""
    approle = client.auth.approle
    role_id = approle.read_role_id(login, mount_point=APPROLE)["data"]["role_id"]
    secret_id = approle.generate_secret_id(login, mount_point=APPROLE)["data"]["secret_id"]
    replace_secret(folder / f"{login}-role-id", role_id)
    replace_secret(folder / f"{login}-secret-id", secret_id)


def _enable(client: hvac.Client, kind: str) -> None:
    if f"{kind}/" not in client.sys.list_auth_methods()["data"]:
        client.sys.enable_auth_method(kind, path=kind)


def _token_times(plan: VaultPlan) -> dict[str, str]:
    longest = max(plan.token_seconds, plan.longest_lease_seconds)
    return {"token_ttl": f"{plan.token_seconds}s", "token_max_ttl": f"{longest}s"}

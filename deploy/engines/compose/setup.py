"""Initialises Vault at its first start, and sets it up: `python -m engines.compose.setup`, in a container.

The addresses that hold a login come from files: DATABASE_URL_FILE and SMTP_URL_FILE.
"""

import json
import os
import sys
import time
from pathlib import Path

import hvac

from chassis.outgoing import vault_client
from engines.external import External
from engines.local.server import replace_secret
from engines.tier import UNIT, service_names
from engines.vault_bootstrap import bootstrap
from engines.vault_plan import VaultPlan

KEYS = Path("/keys/vault")
LOGINS = Path("/logins")
ROOT_TOKEN = "root-token"  # noqa: S105 - the name of the file
UNSEAL = "unseal.json"
"""What a Vault that is sealed by shares is unsealed with, as its API takes it."""
ACTIVE_SECONDS = 30.0


class LostToken(RuntimeError):
    """Vault is initialised, and its root token is not here."""


def open_vault(address: str, keys: Path) -> str:
    """Initialise and unseal Vault where that is still to be done, and answer its root token. Raises LostToken."""
    client = vault_client(address)
    if not client.sys.is_initialized():
        _initialise(client, keys)
    if client.sys.is_sealed() and (keys / UNSEAL).exists():
        client.sys.submit_unseal_key(json.loads((keys / UNSEAL).read_text())["key"])
    deadline = time.monotonic() + ACTIVE_SECONDS
    while client.sys.read_health_status().status_code != 200:
        if time.monotonic() > deadline:
            raise TimeoutError(f"Vault at {address} is not active after {ACTIVE_SECONDS:g} s")
        time.sleep(0.05)
    try:
        return (keys / ROOT_TOKEN).read_text()
    except FileNotFoundError:
        raise LostToken(
            f"{ROOT_TOKEN} is gone from the volume vault-keys, and with it the way into this Vault: put it back, "
            "or begin anew with `boxoffice down --clean`"
        ) from None


def _initialise(client: hvac.Client, keys: Path) -> None:
    """One key, in one piece: it lies on the same machine."""
    if client.sys.read_seal_status()["type"] == "shamir":
        answer = client.sys.initialize(secret_shares=1, secret_threshold=1)
        replace_secret(keys / UNSEAL, json.dumps({"key": answer["keys_base64"][0]}))
    else:
        answer = client.sys.initialize(
            secret_shares=None, secret_threshold=None, recovery_shares=1, recovery_threshold=1
        )
        replace_secret(keys / "recovery-key", answer["recovery_keys_base64"][0])
    replace_secret(keys / ROOT_TOKEN, answer["root_token"])


def main() -> None:
    database_url, smtp_url = (
        Path(os.environ[name]).read_text().strip() for name in ("DATABASE_URL_FILE", "SMTP_URL_FILE")
    )
    if not database_url:
        sys.exit("no database is given: DATABASE_URL, or compose/local-database.yaml to try it with one of its own")
    bootstrap(
        VaultPlan(
            vault_addr=os.environ["VAULT_ADDR"],
            token=open_vault(os.environ["VAULT_ADDR"], KEYS),
            postgres_url=database_url,
            services=service_names(),
            logins={UNIT: service_names()},
            credentials=LOGINS,
            shared=External(smtp_url=smtp_url).shared_secrets,
        )
    )


if __name__ == "__main__":
    try:
        main()
    except Exception as error:
        sys.exit(f"setting up Vault failed: {type(error).__name__}: {error}")

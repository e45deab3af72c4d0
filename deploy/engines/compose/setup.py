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
from engines.compose.keys import REDIS_PASSWORDS
from engines.external import External
from engines.local.server import replace_secret
from engines.tier import UNIT, service_names
from engines.vault_bootstrap import bootstrap
from engines.vault_plan import VaultPlan

KEYS = Path("/keys/vault")
LOGINS = Path("/logins")
ROOT_TOKEN = "root-token"  # noqa: S105 - the name of the file
AGAIN_SECONDS = 8 * 3600
KEEP = "--keep"
"""The argument with which it goes on, and gives processes new files to log in with."""
UNSEAL = "unseal.json"
"""What a Vault that is sealed by shares is unsealed with, as its API takes it."""
ACTIVE_SECONDS = 30.0


def open_vault(address: str, keys: Path) -> str:
    """Initialise and unseal Vault where that is still to be done, and answer its root token until the first setup has
    revoked it; then an empty text.
    """
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
    return (keys / ROOT_TOKEN).read_text() if (keys / ROOT_TOKEN).exists() else ""


def _initialise(client: hvac.Client, keys: Path) -> None:
    """One key, in one piece: it lies on the same machine. Where a key file unseals, the other key, with which a root
    token could be made again, is not kept: a backup is the way back.
    """
    if client.sys.read_seal_status()["type"] == "shamir":
        answer = client.sys.initialize(secret_shares=1, secret_threshold=1)
        replace_secret(keys / UNSEAL, json.dumps({"key": answer["keys_base64"][0]}))
    else:
        answer = client.sys.initialize(
            secret_shares=None, secret_threshold=None, recovery_shares=1, recovery_threshold=1
        )
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
            operator=KEYS,
            root_token_file=KEYS / ROOT_TOKEN,
            redis_passwords=json.loads((KEYS / REDIS_PASSWORDS).read_text()),
            shared=External(smtp_url=smtp_url).shared_secrets,
        )
    )


if __name__ == "__main__":
    try:
        main()
        while KEEP in sys.argv:
            time.sleep(AGAIN_SECONDS)
            main()
    except Exception as error:
        sys.exit(f"setting up Vault failed: {type(error).__name__}: {error}")

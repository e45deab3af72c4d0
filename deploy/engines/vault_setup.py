"""Sets up Vault from inside a cluster: `python -m engines.vault_setup plan.json`, in a Job before each upgrade.

The plan is that of `vault_plan.py` without what is secret. That comes from files in `SETUP_FOLDER`: `database_url`, and
if they are there `redis_url`, `redis_passwords` (JSON, by service), `smtp_url` and `vault_token`. Without a token the
pod logs in by its service account, as VAULT_ROLE, VAULT_JWT_FILE and VAULT_CA_FILE say.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from chassis.outgoing import vault_client
from chassis.secrets.vault import login_for
from chassis.settings import Settings
from engines.external import External
from engines.vault_bootstrap import bootstrap
from engines.vault_plan import VaultPlan

FOLDER = "SETUP_FOLDER"


def plan_from(text: str, files: Mapping[str, str], settings: Settings) -> VaultPlan:
    """The whole plan. Raises ValueError when something is missing, and hvac's errors when the login is refused."""
    if not files.get("database_url"):
        raise ValueError("the Secret of the setup has no database_url: the login of a user who may create databases")
    given = External(redis_url=files.get("redis_url", ""), smtp_url=files.get("smtp_url", ""))
    secret = {
        "postgres_url": files["database_url"],
        "token": files.get("vault_token") or _log_in(settings),
        "shared": given.shared_secrets,
        "redis_passwords": json.loads(files.get("redis_passwords") or "{}"),
    }
    return VaultPlan.from_json(json.dumps({**json.loads(text), **secret}))


def _log_in(settings: Settings) -> str:
    client = vault_client(settings.vault_addr, ca_file=settings.vault_ca_file)
    return str(login_for(settings)(client)["client_token"])


def _files(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text().strip() for path in folder.iterdir() if path.is_file()}


def main() -> None:
    text, folder = Path(sys.argv[1]).read_text(), Path(os.environ[FOLDER])
    bootstrap(plan_from(text, _files(folder), Settings()))
    print("Vault and the databases are set up")


if __name__ == "__main__":
    try:
        main()
    except Exception as error:
        sys.exit(f"setting up Vault failed: {type(error).__name__}: {error}")

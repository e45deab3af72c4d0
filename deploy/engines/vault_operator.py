"""The login that stays when Vault is set up: what `boxoffice` needs, and no more. The root token is revoked.

It is two files in a folder that only this user may open. Its secret id is good for a year, for a machine may be off for
long, and is replaced while the stack is used.
"""

import time
from pathlib import Path

import hvac
from hvac import exceptions as refused
from requests.exceptions import RequestException

from chassis.outgoing import vault_client
from engines.local.server import replace_secret
from engines.protocol import EngineError
from engines.state import ROOT_TOKEN

OPERATOR = "operator"
APPROLE = "approle"
POLICY = Path(__file__).parents[1] / "vault" / "policies" / "operator.hcl"
YEAR = 366 * 24 * 3600
OLD_SECONDS = 7 * 24 * 3600
TIMES = {"token_ttl": "1h", "token_max_ttl": "24h", "secret_id_ttl": f"{YEAR}s"}


class NoOperator(EngineError):
    """There is no way into Vault. The message says what to do."""


def ensure_operator(root: hvac.Client, folder: Path) -> None:
    """Make the login, or make it again; `root` is who may do everything. Raises hvac's errors."""
    root.sys.create_or_update_acl_policy(OPERATOR, POLICY.read_text())
    if f"{APPROLE}/" not in root.sys.list_auth_methods()["data"]:
        root.sys.enable_auth_method(APPROLE, path=APPROLE)
    root.auth.approle.create_or_update_approle(OPERATOR, token_policies=[OPERATOR], mount_point=APPROLE, **TIMES)
    role_id = root.auth.approle.read_role_id(OPERATOR, mount_point=APPROLE)["data"]["role_id"]
    replace_secret(folder / f"{OPERATOR}-role-id", role_id)
    _replace_secret_id(root, folder)


def operator_token(address: str, folder: Path) -> str:
    """A token for an hour. Raises NoOperator, and OSError while Vault is away."""
    try:
        login = [(folder / f"{OPERATOR}-{kind}-id").read_text() for kind in ("role", "secret")]
    except FileNotFoundError as error:
        if (folder / ROOT_TOKEN).exists():
            raise NoOperator(f"a release before this one has set up this stack's Vault: {FIRST}") from None
        raise NoOperator(f"{error.filename} is gone, and with it the way into this stack's Vault: {FIX}") from None
    return log_in(address, *login)


def log_in(address: str, role_id: str, secret_id: str) -> str:
    """Raises NoOperator, and OSError while Vault is away."""
    try:
        answer = vault_client(address, timeout=10).auth.approle.login(role_id, secret_id, mount_point=APPROLE)
    except (refused.InvalidRequest, refused.Forbidden) as error:
        raise NoOperator(f"the way into this stack's Vault is closed ({error}): {FIX}") from error
    except (refused.VaultError, RequestException) as error:
        raise OSError(f"Vault at {address} does not answer: {error}") from error
    return str(answer["auth"]["client_token"])


FIRST = "`boxoffice down`, then `boxoffice up` with this one, which keeps the data"
FIX = "put it back, or begin again with `boxoffice down --clean`, `up` and `restore` of a backup"


def renew(operator: hvac.Client, folder: Path) -> None:
    """Replace the secret id when it has become old. Raises hvac's errors."""
    if time.time() - (folder / f"{OPERATOR}-secret-id").stat().st_mtime > OLD_SECONDS:
        _replace_secret_id(operator, folder)


def _replace_secret_id(client: hvac.Client, folder: Path) -> None:
    made = client.auth.approle.generate_secret_id(OPERATOR, mount_point=APPROLE)
    replace_secret(folder / f"{OPERATOR}-secret-id", made["data"]["secret_id"])

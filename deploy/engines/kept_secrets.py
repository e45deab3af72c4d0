"""The secrets of Vault that cannot be made anew, for a backup. All else in there is made by `vault_bootstrap.py`."""

from collections.abc import Iterator, Mapping

import hvac
from hvac import exceptions as refused

from chassis.secrets.redis_login import PASSWORD, UNIT
from engines.protocol import EngineError
from engines.vault_bootstrap import KV

FROM_SETTINGS = ("shared", UNIT)
"""Addresses and logins of servers: each `up` writes what this stack has."""


def read_secrets(client: hvac.Client) -> dict[str, dict[str, str]]:
    """The newest version of each, by path. Raises EngineError."""
    try:
        return {path: _read(client, path) for path in _paths(client, "") if path not in FROM_SETTINGS}
    except (refused.VaultError, OSError) as error:
        raise EngineError(f"reading Vault failed: {error}") from error


def write_secrets(client: hvac.Client, secrets: Mapping[str, Mapping[str, str]]) -> None:
    """Put them there; names that the backup does not have stay as they are. Raises EngineError."""
    try:
        for path, values in secrets.items():
            there = _read(client, path)
            own = {PASSWORD: there[PASSWORD]} if PASSWORD in there else {}  # of the Redis that is here
            if (wanted := {**there, **values, **own}) != there:
                client.secrets.kv.v2.create_or_update_secret(path, wanted, mount_point=KV)
    except (refused.VaultError, OSError) as error:
        raise EngineError(f"writing to Vault failed: {error}") from error


def _paths(client: hvac.Client, folder: str) -> Iterator[str]:
    try:
        names = client.secrets.kv.v2.list_secrets(folder, mount_point=KV)["data"]["keys"]
    except refused.InvalidPath:
        return
    for name in names:
        if name.endswith("/"):
            yield from _paths(client, folder + name)
        else:
            yield folder + name


def _read(client: hvac.Client, path: str) -> dict[str, str]:
    try:
        answer = client.secrets.kv.v2.read_secret_version(path, mount_point=KV, raise_on_deleted_version=True)
    except refused.InvalidPath:
        return {}
    values: dict[str, str] = answer["data"]["data"]
    return values

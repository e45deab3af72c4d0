"""Lets commands that work on a service's data work on the stack that is up, from any shell of this machine."""

import os
import sys

from engines.choice import own_state
from engines.identity import VARIABLE
from engines.local.server import base_environment
from engines.protocol import EngineError
from engines.state import CURRENT, State

OWNERS = {"migrate", "seed"}
"""Commands that change tables, or fill them before a service does: they log in to Vault as `migrate`."""
COMMANDS = {*OWNERS, "replay", "dead-letters", "organiser"}
DEPLOYED = ("VAULT_ROLE_ID_FILE", "VAULT_AUTH")
"""A deployment sets one of these."""


def adopt(command: str | None) -> None:
    """Have `command`, if it is one of `COMMANDS`, work on the stack that is up: its environment is the stack's, and
    nothing of the user's shell. Where the stack's addresses mean nothing outside of containers, it goes on in one.

    A process of a stack, or of another deployment, keeps the environment that it has. Raises EngineError when nothing
    is up.
    """
    if command not in COMMANDS or VARIABLE in os.environ:
        return
    state = own_state()
    current = state.read(CURRENT)
    if current.get("engine") == "compose":
        from engines.compose.engine import ComposeEngine

        ComposeEngine(state).inside(*sys.argv[1:], owner=command in OWNERS)
    settings = current.get("settings")
    if not isinstance(settings, dict) or not state.is_held():
        if any(name in os.environ for name in DEPLOYED):
            return
        raise EngineError(f"{command} needs a stack, and nothing is up: `boxoffice up startup` starts it")
    login = _lent("migrate" if command in OWNERS else "tools", settings["VAULT_ADDR"], state)
    for kind in ("role", "secret"):
        settings[f"VAULT_{kind.upper()}_ID_FILE"] = str(state.credentials / f"{login}-{kind}-id")
    composed = {**base_environment(state.folder), **settings}
    os.environ.clear()
    os.environ.update(composed)


def _lent(login: str, vault_addr: str, state: State) -> str:
    """The login, whose files are good for a quarter of an hour. Raises EngineError."""
    from hvac.exceptions import VaultError

    from chassis.outgoing import vault_client
    from engines.vault_logins import lend
    from engines.vault_operator import operator_token

    try:
        token = operator_token(vault_addr, state.credentials)
        lend(vault_client(vault_addr, token=token), login, state.credentials)
    except (VaultError, OSError) as error:
        raise EngineError(f"no login for this command: {error}") from error
    return login

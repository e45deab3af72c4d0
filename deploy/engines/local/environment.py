"""Lets commands that work on a service's data work on the stack that is up, from any shell of this machine."""

import os
import sys

from engines.choice import own_state
from engines.protocol import EngineError
from engines.state import CURRENT

OWNERS = {"migrate", "seed"}
"""Commands that change tables, or fill them before a service does: they log in to Vault as `migrate`."""
COMMANDS = {*OWNERS, "replay", "dead-letters"}
DEPLOYED = ("VAULT_ROLE_ID_FILE", "VAULT_AUTH")
"""A deployment sets one of these."""


def adopt(command: str | None) -> None:
    """Put the addresses of the stack that is up into the environment of `command`, if it is one of `COMMANDS`. Where
    they mean nothing outside of containers, the command goes on in one.

    Where a deployment has set them already they stay: inside a deployment there is no stack of this machine.
    Raises EngineError when nothing is up.
    """
    if command not in COMMANDS or any(name in os.environ for name in DEPLOYED):
        return
    state = own_state()
    if state.read(CURRENT).get("engine") == "compose":
        from engines.compose.engine import ComposeEngine

        ComposeEngine(state).inside(*sys.argv[1:], owner=command in OWNERS)
    settings = state.read(CURRENT).get("settings")
    if not isinstance(settings, dict) or not state.is_held():
        raise EngineError(f"{command} needs a stack, and nothing is up: `boxoffice up startup` starts it")
    login = "migrate" if command in OWNERS else "app"
    for kind in ("role", "secret"):
        settings[f"VAULT_{kind.upper()}_ID_FILE"] = str(state.credentials / f"{login}-{kind}-id")
    os.environ.update(settings)

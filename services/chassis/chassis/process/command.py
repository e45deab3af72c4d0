"""Where the `boxoffice` command begins: free of what the user's shell says to Python, before anything is imported."""

import os
import sys

HARMLESS = {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED", "PYTHONPYCACHEPREFIX"}


def main() -> None:
    """Run the command. Where modules come from PYTHONPATH, as in the service image, that stays as it is."""
    decided = [name for name in os.environ if name.startswith("PYTHON") and name not in HARMLESS]
    if decided and sys.prefix != sys.base_prefix and not sys.flags.ignore_environment:
        kept = {name: value for name, value in os.environ.items() if name not in decided}
        os.execve(sys.executable, [sys.executable, "-E", "-s", *sys.argv], kept)  # noqa: S606 - this very program
    from chassis.process.cli import main

    main()


class Unreachable(Exception):
    """A server that a command needs did not answer in time. The message is one line for the operator."""

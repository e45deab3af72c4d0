"""The process that holds the real servers of a test run: `python -m support.keeper FOLDER PID`.

It ends them when it is told to, and also when the process PID, the one that runs the tests, is gone in whatever way.
"""

import shutil
import signal
import sys
import time
from pathlib import Path

import psutil

from chassis.testing import Servers
from engines.local.openbao import OpenBao
from engines.local.ports import free_port
from engines.local.postgres import Postgres, remove_data
from engines.local.servers import start_server
from engines.local.valkey import Valkey
from support.vault import TestVault

STATE = "servers.json"
FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}


class QuickPostgres(Postgres):
    """The data of a test run is worth nothing: it need not survive a power cut."""

    def command(self) -> list[str]:
        options = [part for name, value in FORGETFUL.items() for part in ("-c", f"{name}={value}")]
        return [*super().command(), *options]


def main(folder: Path, owner: psutil.Process) -> None:
    postgres, valkey = QuickPostgres(folder, free_port()), Valkey(folder, free_port())
    openbao = OpenBao(folder, free_port())
    running = [start_server(server) for server in (postgres, valkey, openbao)]
    try:
        vault = TestVault.of(openbao)
        vault.prepare(postgres.url)
        servers = Servers(postgres.url, valkey.url.removesuffix("/0"), vault.address, vault.token)
        partial = folder / f"{STATE}.partial"
        partial.write_text(servers.to_json())
        partial.rename(folder / STATE)
        while owner.is_running():
            time.sleep(0.5)
    finally:
        for each in reversed(running):
            each.kill()
        remove_data(postgres.data)
        if not owner.is_running():
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for the tests, which tell us when they have ended
    main(Path(sys.argv[1]), psutil.Process(int(sys.argv[2])))

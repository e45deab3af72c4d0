"""Payments in another language: `payments/main.go`, which knows events and a call of orders, nothing else of them."""

import asyncio
import json
import os
import shutil
import subprocess
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from engines.kubernetes.cluster import Cluster
from engines.kubernetes.pods import APP, DEPENDENCIES, INSTANCE
from engines.protocol import Engine
from loadtests.proofs.instances import service_of
from loadtests.proofs.tier import NAMESPACE
from support.idle import FOLDER, idle_pod
from support.ledger import Entry

SOURCE = Path(__file__).with_name("payments")
POD = "payments-in-go"
ORDERS = f"http://{APP}-orders:8000"
AS_PAYMENTS = {"app.kubernetes.io/part-of": APP, INSTANCE: APP, "app.kubernetes.io/component": "payments"}
"""By these labels the policies of the network let it reach what payments reaches."""
STOP_SECONDS = 30.0


def missing() -> str:
    """In words what is not here that it takes; empty when all is."""
    return "" if shutil.which("go") else "a Go toolchain, 1.26 or later: https://go.dev/dl"


@contextmanager
def at_hand(engine: Engine, folder: Path) -> Iterator[list[str]]:
    """The command that starts it where it reaches the broker: on this machine, or in a pod that waits for it.

    Raises CalledProcessError where it cannot be built; Go has said why.
    """
    if engine.name != "kubernetes":
        rows = engine.status()
        [broker] = [row for row in rows if row.role == "broker"]
        servers = f"KAFKA_BOOTSTRAP_SERVERS={broker.host}:{broker.port}"
        instances = [row for row in rows if row.role == "app" and service_of(row.process) == "orders"]
        orders = ",".join(f"http://{row.host}:{row.port}" for row in instances)
        yield ["env", servers, f"ORDERS_URLS={orders}", str(_build(folder, {}))]
        return
    cluster, program = Cluster(NAMESPACE), f"{FOLDER}/payments"
    machine = cluster.get("nodes")[0]["status"]["nodeInfo"]["architecture"]
    built = _build(folder, {"GOOS": "linux", "GOARCH": machine, "CGO_ENABLED": "0"})
    with idle_pod(cluster, POD, AS_PAYMENTS):
        cluster.kubectl("cp", str(built), f"{POD}:{program}")
        inside = ["kubectl", "--namespace", NAMESPACE, "exec", "--stdin", POD, "--"]
        yield [*inside, "env", f"KAFKA_BOOTSTRAP_SERVERS={DEPENDENCIES}-kafka:9092", f"ORDERS_URLS={ORDERS}", program]


def _build(folder: Path, platform: Mapping[str, str]) -> Path:
    program = folder / "payments"
    command = ["go", "build", "-o", str(program), "."]
    subprocess.run(command, cwd=SOURCE, env={**os.environ, **platform}, check=True, stdin=subprocess.DEVNULL)
    return program


@asynccontextmanager
async def other_payments(command: Sequence[str], folder: Path) -> AsyncIterator[list[Entry]]:
    """It runs for the time of the block, and finishes what it has begun; then all that it has charged is in the list.

    It ends with its standard input, so also with this process.
    """
    entries: list[Entry] = []
    said, log = folder / "payments.books", folder / "payments.log"
    with said.open("w") as output, log.open("w") as errors:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=output, stderr=errors, start_new_session=True
        )
    assert process.stdin
    try:
        yield entries
        process.stdin.close()
        async with asyncio.timeout(STOP_SECONDS):
            code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if code:
        raise RuntimeError(f"payments in Go ended with {code}: {log.read_text()[-1000:]}")
    last = {line["order"]: line for line in map(json.loads, said.read_text().splitlines())}
    entries += map(_entry, last.values())


def _entry(line: Mapping[str, Any]) -> Entry:
    return Entry(UUID(line["order"]), line["payment"], line["state"], line["total"]["amount"])

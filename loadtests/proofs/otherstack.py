"""Payments in another language: `payments/main.go`, which knows the events of the others and nothing else of them."""

import asyncio
import json
import os
import shutil
import subprocess
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from support.ledger import Entry

SOURCE = Path(__file__).with_name("payments")
STOP_SECONDS = 30.0


def missing() -> str:
    """In words what is not here that it takes; empty when all is."""
    return "" if shutil.which("go") else "a Go toolchain, 1.26 or later: https://go.dev/dl"


def build(folder: Path) -> Path:
    """The program. Raises CalledProcessError; Go has said why."""
    program = folder / "payments"
    subprocess.run(["go", "build", "-o", str(program), "."], cwd=SOURCE, check=True, stdin=subprocess.DEVNULL)
    return program


@asynccontextmanager
async def other_payments(program: Path, broker: str) -> AsyncIterator[list[Entry]]:
    """It runs for the time of the block, and finishes what it has begun; then all that it has charged is in the list.

    It ends with its standard input, so also with this process.
    """
    entries: list[Entry] = []
    said, log = program.with_suffix(".books"), program.with_suffix(".log")
    environment = {**os.environ, "KAFKA_BOOTSTRAP_SERVERS": broker}
    with said.open("w") as output, log.open("w") as errors:
        process = await asyncio.create_subprocess_exec(
            program, env=environment, stdin=PIPE, stdout=output, stderr=errors, start_new_session=True
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

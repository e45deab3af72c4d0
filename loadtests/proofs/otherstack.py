"""Payments in another language: `payments/main.go`, which knows the events of the others and nothing else of them."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from support.ledger import Entry

SOURCE = Path(__file__).with_name("payments")
STOP_SECONDS = 30.0


def missing() -> str:
    """In words what is not here that it takes; empty when all is."""
    return "" if shutil.which("go") else "a Go toolchain, 1.24 or later: https://go.dev/dl"


@dataclass(slots=True)
class OtherBooks:
    """What it has charged, the last state of each; complete after its end."""

    entries: list[Entry] = field(default_factory=list)


def build(folder: Path) -> Path:
    """The program. Raises CalledProcessError, whose output says why not."""
    program = folder / "payments"
    subprocess.run(["go", "build", "-o", str(program), "."], cwd=SOURCE, check=True, stdin=subprocess.DEVNULL)
    return program


@contextmanager
def other_payments(program: Path, broker: str) -> Iterator[OtherBooks]:
    """It runs for the time of the block, and finishes what it has begun."""
    books, said = OtherBooks(), program.with_suffix(".books")
    environment = {**os.environ, "KAFKA_BOOTSTRAP_SERVERS": broker}
    with said.open("w") as output, program.with_suffix(".log").open("w") as log:
        process = subprocess.Popen(
            [program], env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=log, start_new_session=True
        )
    try:
        yield books
        process.terminate()
        if code := process.wait(STOP_SECONDS):
            raise RuntimeError(f"payments in Go ended with {code}: {program.with_suffix('.log').read_text()[-1000:]}")
    finally:
        process.kill()
        process.wait()
    lines = map(json.loads, said.read_text().splitlines())
    books.entries += {line["order"]: _entry(line) for line in lines}.values()


def _entry(line: Mapping[str, object]) -> Entry:
    total = line["total"]
    assert isinstance(total, dict)
    return Entry(UUID(str(line["order"])), str(line["payment"]), str(line["state"]), int(total["amount"]))

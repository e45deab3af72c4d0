"""A tier of the proofs' own: another folder, other ports, and nothing of it stays behind."""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engines.choice import Choice, choose
from engines.kubernetes.release import NODE_PORTS
from engines.local.executables import executable
from engines.local.ports import free_port
from engines.protocol import Progress, in_silence
from engines.state import REPOSITORY

NAMESPACE = "boxoffice-proof"
"""Where it is in a cluster."""
VALUES = REPOSITORY / "services" / "tests" / "support" / "kubernetes.yaml"
"""What is changed of the chart there: no more pods than are asked for, for a cluster of one small machine."""
ELSEWHERE = (
    *("DATABASE_URL", "REDIS_URL", "KAFKA_BOOTSTRAP_SERVERS", "SMTP_URL", "VAULT_ADDR", "VAULT_TOKEN"),
    *("EDGE_DOMAIN", "EDGE_BIND", "INSTANCES"),
)
"""What the caller's environment may say of their own stack; a proof must touch none of it."""
SETTINGS = {"ACCOUNTS_FAILURES_PER_ADDRESS": "100000", "SEATS_MAX_OPEN_SEATS": "100000"}
"""All load comes from one address, and few accounts buy much."""


@contextmanager
def tier_of_our_own(tier: str, engine: str | None, progress: Progress) -> Iterator[Choice]:
    """A tier that is up for the time of the block; then it is gone, data and all. Raises EngineError.

    Should this process be killed, another one that waits for just that brings the tier down.
    """
    folder = Path(tempfile.mkdtemp(prefix="boxoffice-proof-"))
    plain = free_port()
    for name in ELSEWHERE:
        os.environ.pop(name, None)
    os.environ |= {
        **SETTINGS,
        "BOXOFFICE_STATE": str(folder / "state"),
        "EDGE_HTTPS_PORT": str(free_port(avoid=[plain])),
        "EDGE_HTTP_PORT": str(plain),
    }
    choice = choose(engine, tier)
    if choice.engine.name == "kubernetes":
        os.environ |= {
            "BOXOFFICE_NAMESPACE": NAMESPACE,
            "BOXOFFICE_VALUES": str(VALUES),
            "EDGE_HTTPS_PORT": str(secrets.choice(NODE_PORTS)),
        }
    os.environ["ENGINE"] = choice.engine.name  # for the commands of a guide
    _bring_down_afterwards(choice.engine.name)
    try:
        choice.engine.up(tier, progress)
        yield choice
    finally:
        choice.engine.down(in_silence, clean=True)
        shutil.rmtree(folder, ignore_errors=True)


def _bring_down_afterwards(engine: str) -> None:
    down = [str(executable("boxoffice")), "down", "--clean", "--engine", engine]
    subprocess.Popen(
        [sys.executable, "-m", "support.afterwards", str(os.getpid()), *down],
        cwd=REPOSITORY / "services" / "tests",
        start_new_session=True,
        stdin=subprocess.DEVNULL,
    )

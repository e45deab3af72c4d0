"""Remembers that the databases are as this code wants them, so that a second start need not look."""

import hashlib

from engines.local.postgres import Postgres
from engines.state import REPOSITORY, State

MIGRATED = "migrated.json"
SOURCES = ("*/migrations/*.py", "*/*/seed.py", "chassis/chassis/database/privileges.py")


def is_migrated(state: State, postgres: Postgres | None) -> bool:
    """Whether this very cluster was migrated and seeded by this very code. Of somebody else's Postgres nobody knows."""
    return postgres is not None and state.read(MIGRATED).get("fingerprint") == _fingerprint(postgres)


def remember(state: State, postgres: Postgres | None) -> None:
    """Note that it is done."""
    if postgres is not None:
        state.write(MIGRATED, {"fingerprint": _fingerprint(postgres)})


def _fingerprint(postgres: Postgres) -> str:
    """Of migrations, seeds, and the moment in which the cluster was made."""
    birth = postgres.data / "PG_VERSION"
    digest = hashlib.sha256(str(birth.stat().st_mtime_ns if birth.exists() else 0).encode())
    for pattern in SOURCES:
        for path in sorted((REPOSITORY / "services").glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()

"""Makes the keys that servers start with, where they are missing: `python -m engines.compose.keys`, in a container.

Each folder is a volume that only those containers have that need it.
"""

import secrets
from pathlib import Path

DATABASE = "postgresql://postgres:{password}@postgres:5432"


def make_keys(vault: Path, database: Path) -> None:
    """Write `seal-key` to `vault`, `password` and `url` of the superuser to `database`. Never changes what is there."""
    _keep(vault / "seal-key", secrets.token_hex(32), mode=0o400)
    password = _keep(database / "password", secrets.token_urlsafe(24), mode=0o444)  # Postgres is another user
    _keep(database / "url", DATABASE.format(password=password), mode=0o400)


def _keep(path: Path, value: str, *, mode: int) -> str:
    if not path.exists():
        work = path.with_name(f".{path.name}.new")
        work.touch(mode=0o600)
        work.write_text(value)
        work.chmod(mode)
        work.replace(path)
    return path.read_text()


if __name__ == "__main__":
    make_keys(Path("/keys/vault"), Path("/keys/database"))

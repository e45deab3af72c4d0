"""Makes the keys that servers start with, where they are missing: `python -m engines.compose.keys`, in a container.

Each folder is a volume that only those containers have that need it.
"""

import json
import secrets
from pathlib import Path

from engines.tier import UNIT, service_names
from engines.valkey_users import acl

REDIS_PASSWORDS = "redis-passwords.json"

DATABASE = "postgresql://postgres:{password}@postgres:5432?sslmode=disable"
"""Over a network of this machine alone, which nothing outside of it is on."""


def make_keys(vault: Path, database: Path, redis: Path) -> None:
    """Write `seal-key` and the passwords of Redis's users to `vault`, `password` and `url` of the superuser to
    `database`, the users to `redis`. Never changes a password that is there.
    """
    _keep(vault / "seal-key", secrets.token_hex(32), mode=0o400)
    users = (UNIT, *service_names())
    known = json.loads(_keep(vault / REDIS_PASSWORDS, "{}", mode=0o400))
    passwords = {**{user: secrets.token_urlsafe(24) for user in users}, **known}
    _write(vault / REDIS_PASSWORDS, json.dumps(passwords), mode=0o400)
    _write(redis / "users.acl", acl(passwords), mode=0o444)  # Redis is another user; it holds no password
    password = _keep(database / "password", secrets.token_urlsafe(24), mode=0o444)  # Postgres is another user
    _write(database / "url", DATABASE.format(password=password), mode=0o400)


def _keep(path: Path, value: str, *, mode: int) -> str:
    if not path.exists():
        _write(path, value, mode=mode)
    return path.read_text()


def _write(path: Path, value: str, *, mode: int) -> None:
    work = path.with_name(f".{path.name}.new")
    work.touch(mode=0o600)
    work.write_text(value)
    work.chmod(mode)
    work.replace(path)


if __name__ == "__main__":
    make_keys(Path("/keys/vault"), Path("/keys/database"), Path("/keys/redis"))

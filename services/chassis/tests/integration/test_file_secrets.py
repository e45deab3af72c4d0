"""Secrets from files: what comes later is taken over, without a restart and without a broken transaction."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text

from chassis.database.database import Database
from chassis.secrets.files import FileSecrets
from chassis.secrets.secrets import SecretMissing, open_secrets
from chassis.settings import Settings
from chassis.testing.polling import eventually
from chassis.testing.servers import Servers

pytestmark = pytest.mark.timeout(60)


class Mount:
    """A folder that is replaced in one step, as the kubelet does it: the files are links through one link."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, files: dict[str, str]) -> None:
        content = self.folder / f"..{secrets.token_hex(4)}"
        content.mkdir(parents=True)
        for name, value in files.items():
            (content / name).write_text(value)
            if not (self.folder / name).is_symlink():
                (self.folder / name).symlink_to(Path("..data") / name)
        link = self.folder / "..new"
        link.symlink_to(content.name)
        link.replace(self.folder / "..data")


@pytest.fixture
async def users(servers: Servers) -> AsyncIterator[list[dict[str, str]]]:
    """Files with two database users, one after the other."""
    admin = await asyncpg.connect(f"{servers.postgres}/postgres")
    names = [f"u{secrets.token_hex(4)}" for _ in range(2)]
    for name in names:
        await admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{name}'")
    yield [{"database.orders.username": name, "database.orders.password": name} for name in names]
    for name in names:
        await admin.execute(f"DROP ROLE {name}")
    await admin.close()


async def test_values_are_those_of_the_files_at_the_moment(tmp_path: Path) -> None:
    mount = Mount(tmp_path)
    opened = await open_secrets(Settings(secrets_folder=tmp_path))
    with pytest.raises(SecretMissing):
        await opened.read("services/accounts")
    mount.write({"services.accounts.colour": "mauve\n", "services.orders.colour": "teal"})
    assert await opened.read("services/accounts") == {"colour": "mauve"}
    mount.write({"services.accounts.colour": "green", "services.orders.colour": "teal"})
    assert await opened.read("services/accounts") == {"colour": "green"}
    await opened.close()


async def test_a_database_user_is_waited_for_and_followed(
    tmp_path: Path, servers: Servers, users: list[dict[str, str]]
) -> None:
    mount, opened = Mount(tmp_path), FileSecrets(tmp_path, look_seconds=0.05)
    waiting = asyncio.create_task(opened.database_credentials("orders"))
    mount.write(users[0])
    database = Database(f"{servers.postgres_address}/postgres", "postgres", await waiting)

    async def user() -> str:
        async with database.reading() as connection:
            return str(await connection.scalar(text("SELECT session_user")))

    assert await user() == users[0]["database.orders.username"]
    async with database.transaction() as begun:
        mount.write(users[1])
        await eventually(user, lambda name: name == users[1]["database.orders.username"])
        assert await begun.scalar(text("SELECT session_user")) == users[0]["database.orders.username"]
    await database.close()
    await opened.close()

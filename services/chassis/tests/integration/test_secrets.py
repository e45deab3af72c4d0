"""Secrets: one suite for Vault and its stand-in, then what only Vault can do."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text

from chassis.database.database import Database
from chassis.errors import Unavailable
from chassis.secrets.secrets import DatabaseCredentials, SecretMissing, Secrets, VaultSecrets
from chassis.secrets.vault import AppRoleLogin
from chassis.testing.fakes import StaticSecrets
from chassis.testing.polling import eventually
from chassis.testing.servers import Servers
from engines.local.openbao import OpenBao
from engines.local.ports import free_port
from engines.local.servers import start_server
from support.vault import TestVault

pytestmark = pytest.mark.timeout(60)

SECRET = {"colour": "mauve"}


@asynccontextmanager
async def opened(vault: TestVault, *, grace_seconds: float = 30.0, **ttl: str) -> AsyncIterator[VaultSecrets]:
    secrets = VaultSecrets(vault.address, vault.new_login(**ttl), grace_seconds=grace_seconds)
    await secrets.open()
    yield secrets
    await secrets.close()


def new_database(servers: Servers, credentials: DatabaseCredentials) -> Database:
    return Database(f"{servers.postgres_address}/postgres", "postgres", credentials)


async def user_of(database: Database) -> str:
    async with database.reading() as connection:
        return str(await connection.scalar(text("SELECT session_user")))


@pytest.fixture(params=["memory", "vault"])
async def secrets(request: pytest.FixtureRequest, servers: Servers, vault: TestVault) -> AsyncIterator[Secrets]:
    if request.param == "memory":
        yield StaticSecrets.for_servers(servers, {"services/test": SECRET})
        return
    vault.put("services/test", SECRET)
    async with opened(vault) as secrets:
        yield secrets


@pytest.fixture
def own_vault(tmp_path: Path) -> OpenBao:
    """A server that this test starts and stops as it likes."""
    return OpenBao(tmp_path, free_port())


@pytest.fixture
def role(vault: TestVault) -> str:
    return vault.new_database_role()


async def test_a_secret_is_read_by_its_path(secrets: Secrets) -> None:
    assert await secrets.read("services/test") == SECRET


async def test_a_secret_that_is_not_there_is_missing(secrets: Secrets) -> None:
    with pytest.raises(SecretMissing, match="services/nobody"):
        await secrets.read("services/nobody")


async def test_a_role_has_one_user_in_a_process(secrets: Secrets, role: str) -> None:
    first, second = await secrets.database_credentials(role), await secrets.database_credentials(role)
    assert first is second
    assert first.generation == 1


async def test_the_user_opens_the_database_and_its_password_is_not_shown(
    secrets: Secrets, role: str, servers: Servers
) -> None:
    credentials = await secrets.database_credentials(role)
    database = new_database(servers, credentials)
    assert await user_of(database) == credentials.username
    assert credentials.password not in repr(credentials)
    await database.close()


async def test_those_who_ask_together_for_a_newer_user_share_one(secrets: Secrets, role: str) -> None:
    credentials = await secrets.database_credentials(role)
    await asyncio.gather(*(credentials.refresh(1) for _ in range(5)))
    assert credentials.generation == 2
    await credentials.refresh(2)
    assert credentials.generation == 3


async def test_rotation_fails_no_query(vault: TestVault, servers: Servers) -> None:
    """Users live 2 to 3 s and tokens 3 to 4 s here; queries run all the time, some longer than a rotation takes."""
    async with opened(vault, ttl="3s", max_ttl="4s") as secrets:
        credentials = await secrets.database_credentials(vault.new_database_role(ttl="2s", max_ttl="3s"))
        database = new_database(servers, credentials)
        users: set[str] = set()

        async def use(seconds: float) -> None:
            while credentials.generation < 5:
                async with database.transaction() as tx:
                    users.add(str(await tx.scalar(text("SELECT session_user"))))
                    await tx.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": seconds})
                    await tx.execute(text("SELECT 1"))

        await asyncio.gather(use(0.001), use(0.01), use(0.5))
        assert len(users) >= 4
        await database.close()


async def test_a_rotated_user_lives_on_for_the_time_of_grace(vault: TestVault, role: str, servers: Servers) -> None:
    async with opened(vault, grace_seconds=0.5) as secrets:
        credentials = await secrets.database_credentials(role)
        old = {"user": credentials.username, "password": credentials.password}
        await credentials.refresh(1)
        await (await asyncpg.connect(f"{servers.postgres}/postgres", **old)).close()
        admin = await asyncpg.connect(f"{servers.postgres}/postgres")

        async def is_gone() -> bool:
            return not await admin.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", old["user"])

        assert await eventually(is_gone)
        await admin.close()


async def test_closing_gives_the_users_back(vault: TestVault, role: str, servers: Servers) -> None:
    async with opened(vault) as secrets:
        user = (await secrets.database_credentials(role)).username
    admin = await asyncpg.connect(f"{servers.postgres}/postgres")

    async def is_gone() -> bool:
        return not await admin.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", user)

    assert await eventually(is_gone)
    await admin.close()


async def test_a_user_that_postgres_refuses_is_replaced_at_once(vault: TestVault, role: str, servers: Servers) -> None:
    async with opened(vault) as secrets:
        credentials = await secrets.database_credentials(role)
        admin = await asyncpg.connect(f"{servers.postgres}/postgres")
        await admin.execute(f'DROP ROLE "{credentials.username}"')
        await admin.close()
        database = new_database(servers, credentials)
        users = await asyncio.gather(*(user_of(database) for _ in range(4)))
        assert (set(users), credentials.generation) == ({credentials.username}, 2)
        await database.close()


async def test_a_token_that_vault_has_forgotten_is_replaced_and_its_users_too(
    vault: TestVault, role: str, servers: Servers
) -> None:
    vault.put("services/test", SECRET)
    async with opened(vault) as secrets:
        credentials = await secrets.database_credentials(role)
        vault.root().auth.token.revoke(secrets._vault._client.token)
        assert await secrets.read("services/test") == SECRET

        async def is_replaced() -> bool:
            return credentials.generation == 2

        assert await eventually(is_replaced)
        database = new_database(servers, credentials)
        assert await user_of(database) == credentials.username
        await database.close()


async def test_while_vault_hangs_the_known_users_serve_on(own_vault: OpenBao, servers: Servers) -> None:
    running = start_server(own_vault)
    vault = TestVault.of(own_vault)
    vault.prepare(servers.postgres)
    vault.put("services/test", SECRET)
    async with opened(vault) as secrets:
        credentials = await secrets.database_credentials(vault.new_database_role(ttl="1s", max_ttl="10s"))
        database = new_database(servers, credentials)
        running.kill(signal.SIGSTOP)
        with pytest.raises(Unavailable, match=vault.address):
            await asyncio.wait_for(secrets.read("services/test"), 2)
        assert await user_of(database) == credentials.username
        running.kill(signal.SIGCONT)

        async def reads() -> bool:
            try:
                return await secrets.read("services/test") == SECRET
            except Unavailable:
                return False

        assert await eventually(reads)
        await database.close()
    running.kill()


async def test_a_restarted_vault_is_used_again(own_vault: OpenBao, servers: Servers) -> None:
    """Its storage keeps tokens and leases: nothing changes hands."""
    running = start_server(own_vault)
    vault = TestVault.of(own_vault)
    vault.prepare(servers.postgres)
    async with opened(vault) as secrets:
        credentials = await secrets.database_credentials(vault.new_database_role())
        running.kill()
        with pytest.raises(Unavailable):
            await credentials.refresh(1)
        assert credentials.generation == 1
        running.restart()
        await credentials.refresh(1)
        assert credentials.generation == 2
    running.kill()


async def test_a_process_waits_for_vault_and_says_so(
    own_vault: OpenBao, servers: Servers, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """First nothing listens, then the server is empty, then its operator has set it up."""
    login = AppRoleLogin(tmp_path / "role-id", tmp_path / "secret-id")
    login.role_id_file.write_text("nobody")
    login.secret_id_file.write_text("nothing")
    secrets = VaultSecrets(own_vault.url, login)
    opening = asyncio.create_task(secrets.open())

    async def said(reason: str) -> bool:
        return any(
            line.startswith(f"waiting for vault at {own_vault.url}: ") and reason in line for line in caplog.messages
        )

    assert await eventually(partial(said, "refused"))
    running = start_server(own_vault)
    assert await eventually(partial(said, "login failed"))
    vault = TestVault.of(own_vault)
    vault.prepare(servers.postgres)
    real = vault.new_login()
    real.role_id_file.rename(login.role_id_file)
    real.secret_id_file.rename(login.secret_id_file)
    await asyncio.wait_for(opening, 20)
    await secrets.close()
    running.kill()

"""A fresh database for each test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
from sqlalchemy import MetaData

from chassis.database.database import Database
from chassis.database.migrations import upgrade
from chassis.database.tables import metadata as chassis_tables
from chassis.testing.fakes import StaticSecrets
from chassis.testing.servers import Servers


class Databases:
    """Fresh databases by template: a service is migrated once in a run, each test gets a copy within milliseconds."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._suffix = uuid4().hex[:12]
        self._made: list[str] = []

    @property
    def url(self) -> str:
        """For `Settings.database_url`: each service finds its own copy."""
        return f"{self._servers.postgres_address}/{{service}}_{self._suffix}"

    async def create(self, service: str, tables: MetaData | None = None) -> None:
        """Make the database of `service`, unless it is there. `tables` are those of a service without migrations."""
        name = f"{service}_{self._suffix}"
        if name in self._made:
            return
        async with self._admin() as admin:
            if tables is None:
                await self._ensure_template(admin, service)
                await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "template_{service}" STRATEGY FILE_COPY')
            else:
                await admin.execute(f'CREATE DATABASE "{name}" STRATEGY FILE_COPY')
                await self._create_tables(service, tables)
        self._made.append(name)

    async def drop(self) -> None:
        async with self._admin() as admin:
            for name in self._made:
                await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    async def connect(self, service: str) -> Database:
        """A pool on the database of `service`; the caller closes it."""
        await self.create(service)
        return await self._pool(self.url, service)

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(self._servers.postgres + "/postgres")
        try:
            yield connection
        finally:
            await connection.close()

    async def _ensure_template(self, admin: asyncpg.Connection, service: str) -> None:
        """Migrate the template once, whichever of the parallel test processes comes first."""
        template = f"template_{service}"
        await admin.execute("SELECT pg_advisory_lock(hashtext($1))", template)  # until this connection closes
        if await admin.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", template):
            return
        await admin.execute(f'DROP DATABASE IF EXISTS "{template}_new"')
        await admin.execute(f'CREATE DATABASE "{template}_new"')
        database = await self._pool(f"{self._servers.postgres_address}/{template}_new", service)
        await upgrade(service, database)
        await database.close()
        await admin.execute(f'ALTER DATABASE "{template}_new" RENAME TO "{template}"')

    async def _create_tables(self, service: str, tables: MetaData) -> None:
        database = await self._pool(self.url, service)
        async with database.engine.begin() as connection:
            await connection.run_sync(chassis_tables.create_all)
            await connection.run_sync(tables.create_all)
        await database.close()

    async def _pool(self, url: str, service: str) -> Database:
        credentials = await StaticSecrets.for_servers(self._servers).database_credentials(service)
        return Database(url, service, credentials)

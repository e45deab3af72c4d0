"""Schema migrations by Alembic: each service has its own revisions, the chassis the one way to run them."""

import importlib
import logging
from pathlib import Path

from alembic import op
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from chassis.database.database import Database
from chassis.database.privileges import GUARD, grants
from chassis.database.tables import metadata

log = logging.getLogger(__name__)

MIGRATION_LOCK = 0x0B0E


def folder_of(service: str) -> Path:
    """Where the revisions of `service` are: inside the installed package, or beside it in a checkout."""
    package = Path(str(importlib.import_module(service).__file__)).parent
    installed = package / "migrations"
    return installed if installed.is_dir() else package.parent / "migrations"


async def upgrade(service: str, database: Database) -> str | None:
    """Bring the schema to the newest revision and answer its name. Two that start at once do it one after the other."""
    async with database.engine.begin() as connection:
        revision = await connection.run_sync(_upgrade, folder_of(service))
        if server := (await connection.get_raw_connection()).driver_connection:
            await server.execute(GUARD + grants(service))
        return revision


def _upgrade(connection: Connection, folder: Path) -> str | None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
    config = Config()
    place = str(folder).replace("%", "%%")  # where configurations look for values
    config.set_main_option("script_location", place)
    config.set_main_option("version_locations", place)
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)
    environment = EnvironmentContext(config, script, fn=lambda revision, _: script._upgrade_revs("head", revision))
    environment.configure(connection=connection, transactional_ddl=True)
    environment.run_migrations()
    return script.get_current_head()


def create_chassis_tables() -> None:
    """The chassis's own tables; called by the first revision of every service."""
    metadata.create_all(op.get_bind())

"""A service's own Postgres database: connections, migrations, and the tables that every service has."""

from chassis.database.bulk import Batch
from chassis.database.database import Database, after_commit
from chassis.database.locks import own
from chassis.database.migrations import create_chassis_tables
from chassis.database.tables import event_log, metadata

__all__ = ["Batch", "Database", "after_commit", "create_chassis_tables", "event_log", "metadata", "own"]

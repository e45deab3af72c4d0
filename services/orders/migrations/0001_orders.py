"""The event log and the projection of orders.

Revision ID: 0001
"""

from alembic import op

from chassis.migrations import create_chassis_tables
from orders.tables import metadata

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_chassis_tables()
    metadata.create_all(op.get_bind())

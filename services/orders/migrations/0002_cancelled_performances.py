"""Performances that are cancelled are remembered: an order may come after the news."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

KNOWN = """
    INSERT INTO cancelled_performances (performance_id)
    SELECT DISTINCT (data->>'performance_id')::uuid FROM event_log
    WHERE type = 'order.cancelled' AND data->>'reason' = 'performance-cancelled'
"""
"""Those of which an order was taken back."""


def upgrade() -> None:
    op.create_table("cancelled_performances", sa.Column("performance_id", sa.Uuid, primary_key=True))
    op.execute(KNOWN)


def downgrade() -> None:
    op.drop_table("cancelled_performances")

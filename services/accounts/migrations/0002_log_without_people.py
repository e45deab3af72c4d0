"""No event says who somebody is: what older ones said goes from the log."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("UPDATE event_log SET data = data - '{email,name}'::text[] WHERE data ?| '{email,name}'::text[]")


def downgrade() -> None:
    """What was forgotten does not come back."""

"""Venues and shows have an owner. What is there belongs to the organiser of a fresh stack.

So does what the code before this writes during a rolling upgrade: the default is for that.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

SEEDED_ORGANISER = "1c868eaf-7a72-5ed4-8c71-55502daf1270"


def upgrade() -> None:
    for table in ("venues", "shows"):
        column = sa.Column("owner_id", sa.Uuid, nullable=False, server_default=SEEDED_ORGANISER)
        op.add_column(table, column, if_not_exists=True)
    op.create_index("venues_owner", "venues", ["owner_id", "id"], if_not_exists=True)


def downgrade() -> None:
    op.drop_index("venues_owner")
    for table in ("shows", "venues"):
        op.drop_column(table, "owner_id")

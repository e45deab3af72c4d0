"""Mails with a link, and how many an account was sent."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("messages", sa.Column("link_id", sa.Uuid))
    op.create_index("mails_of_account", "mails", ["account_id", "sent_at"])


def downgrade() -> None:
    op.drop_index("mails_of_account")
    op.drop_column("messages", "link_id")

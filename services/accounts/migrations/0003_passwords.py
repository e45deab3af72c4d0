"""Confirmed addresses, passwords that change, and resets by mail."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("accounts", sa.Column("confirmed_at", sa.DateTime(timezone=True)))
    op.add_column("accounts", sa.Column("password_version", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "password_resets",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("account_id", sa.Uuid, sa.ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("password_resets")
    op.drop_column("accounts", "password_version")
    op.drop_column("accounts", "confirmed_at")

"""Accounts."""

import sqlalchemy as sa
from alembic import op

from chassis.database import create_chassis_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_chassis_tables()
    op.create_table(
        "accounts",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("email", sa.Text, nullable=False, comment="in the one spelling of domain.normalise_email"),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("country", sa.Text, nullable=False, comment="ISO 3166-1 alpha-2"),
        sa.Column("jurisdiction", sa.Text, nullable=False),
        sa.Column("roles", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False, comment="argon2id, PHC form"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("jurisdiction IN ('eu', 'uk', 'us', 'row')", name="accounts_jurisdiction"),
        sa.UniqueConstraint("email", name="accounts_email"),
    )


def downgrade() -> None:
    op.drop_table("accounts")

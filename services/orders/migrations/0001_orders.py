"""The projection of orders."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

from chassis.database import create_chassis_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_chassis_tables()
    op.create_table(
        "orders",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("hold_id", sa.Uuid, nullable=False, unique=True),
        sa.Column("performance_id", sa.Uuid, nullable=False),
        sa.Column("seats", ARRAY(sa.Text), nullable=False),
        sa.Column("amount", sa.BigInteger, nullable=False, comment="minor units of the currency"),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("idempotency_key", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("account_id", "idempotency_key"),
    )
    op.create_index("orders_by_account", "orders", ["account_id", "id"])
    op.create_index("orders_by_performance", "orders", ["performance_id"])


def downgrade() -> None:
    op.drop_table("orders")

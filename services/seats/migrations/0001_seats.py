"""Performances, holds, claims, and the orders that are decided."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from chassis.database import create_chassis_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_chassis_tables()
    op.create_table(
        "performances",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("show", sa.Text, nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("zones", JSONB, nullable=False, comment="[{name, price: {amount, currency}, rows: [{name, seats}]}]"),
        sa.Column("capacity", sa.Integer, nullable=False),
        sa.Column("sold", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("closed", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "holds",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("performance_id", sa.Uuid, nullable=False),
        sa.Column("labels", ARRAY(sa.Text), nullable=False),
        sa.Column("total", sa.BigInteger, nullable=False, comment="minor units"),
        sa.Column("currency", sa.Text, nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("holds_expires_at", "holds", ["expires_at"])
    op.create_table(
        "claims",
        sa.Column("performance_id", sa.Uuid, primary_key=True),
        sa.Column("label", sa.Text, primary_key=True),
        sa.Column("hold_id", sa.Uuid, nullable=False),
        sa.Column(
            "expires_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="without meaning once there is an order",
        ),
        sa.Column("order_id", sa.Uuid),
    )
    op.create_index("claims_hold", "claims", ["hold_id"])
    op.create_index("claims_expires_at", "claims", ["expires_at"], postgresql_where=sa.text("order_id IS NULL"))
    op.create_table(
        "decided_orders",
        sa.Column("order_id", sa.Uuid, primary_key=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )


def downgrade() -> None:
    for table in ("decided_orders", "claims", "holds", "performances"):
        op.drop_table(table)

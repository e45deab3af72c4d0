"""Charges, and the books of the simulated provider."""

import sqlalchemy as sa
from alembic import op

from chassis.database import create_chassis_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_chassis_tables()
    op.create_table(
        "charges",
        sa.Column("order_id", sa.Uuid, primary_key=True, comment="also the idempotency key at the provider"),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger, comment="minor units; null when cancelled before the order was heard of"),
        sa.Column("currency", sa.Text),
        sa.Column("token", sa.Text, comment="null once it is no longer needed"),
        sa.Column("payment_id", sa.Uuid),
        sa.Column("reason", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("traceparent", sa.Text, nullable=False, server_default=""),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.CheckConstraint(
            "state IN ('pending', 'captured', 'declined', 'reversing', 'refunded', 'voided')", name="charges_state"
        ),
        sa.CheckConstraint(
            "state = 'voided' OR (amount IS NOT NULL AND currency IS NOT NULL)", name="charges_amount_known"
        ),
    )
    op.create_index("charges_due", "charges", ["due_at"], postgresql_where=sa.text("state IN ('pending', 'reversing')"))
    op.create_table(
        "simulator_charges",
        sa.Column("idempotency_key", sa.Uuid, primary_key=True),
        sa.Column("payment_id", sa.Uuid, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("amount", sa.BigInteger),
        sa.Column("currency", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("calls", sa.Integer, nullable=False, server_default="1"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )


def downgrade() -> None:
    op.drop_table("simulator_charges")
    op.drop_table("charges")

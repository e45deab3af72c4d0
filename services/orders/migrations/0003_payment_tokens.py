"""Tokens and idempotency keys are kept apart from orders, and not for good.

What older events said of tokens goes from the log. Instances of the release before still write them there: the token of
an order that they take is found in the log, and the migration after this one moves it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "payment_tokens",
        sa.Column("order_id", sa.Uuid, primary_key=True),
        sa.Column("token", sa.Text, nullable=False),
    )
    op.execute(
        "INSERT INTO payment_tokens SELECT o.id, e.data->>'payment_token' FROM orders o JOIN event_log e"
        " ON e.topic = 'orders' AND e.key = o.id::text AND e.version = 1"
        " WHERE o.status = 'placed' AND e.data ? 'payment_token'"
    )
    op.execute("UPDATE event_log SET data = data - 'payment_token' WHERE data ? 'payment_token'")
    op.alter_column("orders", "idempotency_key", nullable=True)
    op.alter_column("orders", "fingerprint", nullable=True)
    op.execute(
        "UPDATE orders SET idempotency_key = NULL, fingerprint = NULL WHERE created_at < now() - interval '1 day'"
    )
    op.create_index(
        "orders_with_key", "orders", ["created_at"], postgresql_where=sa.text("idempotency_key IS NOT NULL")
    )


def downgrade() -> None:
    op.drop_index("orders_with_key")
    op.drop_table("payment_tokens")

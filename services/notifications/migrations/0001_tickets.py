"""Tickets, messages, mails, and whom they go to."""

import sqlalchemy as sa
from alembic import op

from chassis.database import create_chassis_tables

revision = "0001"
down_revision = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_chassis_tables()
    op.create_table(
        "contacts",
        sa.Column("account_id", sa.Uuid, primary_key=True),
        sa.Column("email", sa.Text),
        sa.Column("name", sa.Text),
        sa.Column("erased_at", MOMENT),
        sa.CheckConstraint("erased_at IS NULL OR (email IS NULL AND name IS NULL)", name="contacts_erased"),
    )
    op.create_table(
        "tickets",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("order_id", sa.Uuid, nullable=False),
        sa.Column("account_id", sa.Uuid, comment="the holder; null once the account was erased"),
        sa.Column("performance_id", sa.Uuid, nullable=False),
        sa.Column("seat", sa.Text, nullable=False),
        sa.Column("show", sa.Text, nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="valid"),
        sa.UniqueConstraint("order_id", "seat", name="tickets_one_per_seat"),
        sa.CheckConstraint("state IN ('valid', 'void')", name="tickets_state"),
    )
    op.create_index("tickets_of_account", "tickets", ["account_id", "id"])
    op.create_table("closed_orders", sa.Column("order_id", sa.Uuid, primary_key=True))
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid, primary_key=True, comment="made from kind and order, so the same news is one message"),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("order_id", sa.Uuid),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False, server_default=sa.func.now()),
    )
    op.create_index("messages_of_account", "messages", ["account_id", "created_at", "id"])
    op.create_table(
        "mails",
        sa.Column("message_id", sa.Uuid, primary_key=True),
        sa.Column("account_id", sa.Uuid, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="waiting"),
        sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
        sa.Column("due_at", MOMENT, nullable=False, server_default=sa.func.now()),
        sa.Column("sent_at", MOMENT),
        sa.Column("error", sa.Text),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'failed', 'dropped')", name="mails_state"),
    )
    op.create_index("mails_due", "mails", ["due_at"], postgresql_where=sa.text("state = 'waiting'"))


def downgrade() -> None:
    for table in ("mails", "messages", "closed_orders", "tickets", "contacts"):
        op.drop_table(table)

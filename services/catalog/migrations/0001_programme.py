"""Venues, shows and their performances."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

from chassis.database import create_chassis_tables

revision = "0001"
down_revision = None

WORDS = "to_tsvector('simple'::regconfig, title || ' ' || genre || ' ' || description)"


def upgrade() -> None:
    create_chassis_tables()
    op.create_table(
        "venues",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("city", sa.Text, nullable=False),
        sa.Column("country", sa.Text, nullable=False),
        sa.Column("timezone", sa.Text, nullable=False),
        sa.Column("zones", JSONB, nullable=False, comment="[{name, rows: [{name, seats}]}]"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_index("venues_city", "venues", [sa.text("lower(city)")])
    op.create_table(
        "shows",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("genre", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("words", TSVECTOR, sa.Computed(WORDS, persisted=True)),
    )
    op.create_index("shows_words", "shows", ["words"], postgresql_using="gin")
    op.create_table(
        "performances",
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("show_id", sa.Uuid, sa.ForeignKey("shows.id"), nullable=False),
        sa.Column("venue_id", sa.Uuid, sa.ForeignKey("venues.id"), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prices", JSONB, nullable=False, comment="{zone: {amount, currency}}"),
        sa.Column("sold_out", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("cancelled_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_index("performances_show", "performances", ["show_id", "starts_at"])


def downgrade() -> None:
    for table in ("performances", "shows", "venues"):
        op.drop_table(table)

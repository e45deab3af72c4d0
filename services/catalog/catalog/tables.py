"""Catalog's own tables."""

from sqlalchemy import Boolean, Column, Computed, DateTime, ForeignKey, Index, MetaData, Table, Text, Uuid, false, func
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR

metadata = MetaData()

venues = Table(
    "venues",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("country", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("zones", JSONB, nullable=False, comment="[{name, rows: [{name, seats}]}]"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("owner_id", Uuid, nullable=False, comment="the account of its organiser"),
)
Index("venues_city", func.lower(venues.c.city))
Index("venues_owner", venues.c.owner_id, venues.c.id)

shows = Table(
    "shows",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("genre", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("owner_id", Uuid, nullable=False, comment="the account of its organiser, who owns its performances too"),
    Column(
        "words",
        TSVECTOR,
        Computed("to_tsvector('simple'::regconfig, title || ' ' || genre || ' ' || description)", persisted=True),
    ),
)
Index("shows_words", shows.c.words, postgresql_using="gin")

performances = Table(
    "performances",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("show_id", Uuid, ForeignKey("shows.id"), nullable=False),
    Column("venue_id", Uuid, ForeignKey("venues.id"), nullable=False),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("prices", JSONB, nullable=False, comment="{zone: {amount, currency}}"),
    Column("sold_out", Boolean, nullable=False, server_default=false()),
    Column("cancelled_at", DateTime(timezone=True)),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
Index("performances_show", performances.c.show_id, performances.c.starts_at)

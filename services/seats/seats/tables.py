"""Seats' own tables. The layout of a performance is one JSON value; only seats that are not available are rows."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    Uuid,
    false,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData()

performances = Table(
    "performances",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("show", Text, nullable=False),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("zones", JSONB, nullable=False, comment="[{name, price: {amount, currency}, rows: [{name, seats}]}]"),
    Column("capacity", Integer, nullable=False),
    Column("sold", Integer, nullable=False, server_default=text("0")),
    Column("closed", Boolean, nullable=False, server_default=false()),
)

holds = Table(
    "holds",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, nullable=False),
    Column("performance_id", Uuid, nullable=False),
    Column("labels", ARRAY(Text), nullable=False),
    Column("total", BigInteger, nullable=False, comment="minor units"),
    Column("currency", Text, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)
Index("holds_expires_at", holds.c.expires_at)
Index("holds_account", holds.c.account_id, holds.c.expires_at)

claims = Table(
    "claims",
    metadata,
    Column("performance_id", Uuid, primary_key=True),
    Column("label", Text, primary_key=True),
    Column("hold_id", Uuid, nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False, comment="without meaning once there is an order"),
    Column("order_id", Uuid),
)
"""Who has a seat: an order for good, else a hold until `expires_at`. The primary key is why no seat is sold twice."""

Index("claims_hold", claims.c.hold_id)
Index("claims_expires_at", claims.c.expires_at, postgresql_where=claims.c.order_id.is_(None))

decided_orders = Table(
    "decided_orders",
    metadata,
    Column("order_id", Uuid, primary_key=True),
    Column("decided_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
"""Orders that got or lost their seats, or ended before: whatever arrives late or again changes nothing."""

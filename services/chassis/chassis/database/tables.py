"""The tables that the chassis keeps in every service's database, beside the service's own."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData()

event_log = Table(
    "event_log",
    metadata,
    Column("position", BigInteger, Identity(always=True), primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("topic", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("version", Integer, comment="place in the stream of an event-sourced aggregate, from 1"),
    Column("type", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    Column("traceparent", Text, nullable=False, server_default=""),
    Column("time", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("published_at", DateTime(timezone=True)),
    UniqueConstraint("topic", "key", "version"),
)
"""The outbox, which is also the log: an event is written in the transaction of its cause and is never deleted."""

Index("event_log_unpublished", event_log.c.position, postgresql_where=text("published_at IS NULL"))

relay_offset = Table(
    "relay_offset",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("offset", BigInteger, nullable=False),
)
"""The last offset that Kafka acknowledged; an acknowledgement that is not above it says that Kafka lost its log."""

inbox = Table(
    "inbox",
    metadata,
    Column("event_id", Uuid, primary_key=True),
    Column("received_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
"""The events that this service has handled, each recorded in the transaction of its effects."""

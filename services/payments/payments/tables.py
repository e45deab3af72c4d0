"""The tables of payments."""

from sqlalchemy import BigInteger, Column, DateTime, Index, Integer, MetaData, Table, Text, Uuid, func, text

metadata = MetaData()

charges = Table(
    "charges",
    metadata,
    Column("order_id", Uuid, primary_key=True, comment="also the idempotency key at the provider"),
    Column("state", Text, nullable=False),
    Column("amount", BigInteger, comment="minor units; null when the order was cancelled before it was heard of"),
    Column("currency", Text),
    Column("token", Text, comment="null until orders has said it, and once it is no longer needed"),
    Column("payment_id", Uuid),
    Column("reason", Text),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("traceparent", Text, nullable=False, server_default=""),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
"""One row per order. `due_at` is when the provider is to be asked (again): whoever takes a charge moves it into the
future, which is its lease."""

Index("charges_due", charges.c.due_at, postgresql_where=text("state IN ('pending', 'reversing')"))

simulator_charges = Table(
    "simulator_charges",
    metadata,
    Column("idempotency_key", Uuid, primary_key=True),
    Column("payment_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("amount", BigInteger),
    Column("currency", Text),
    Column("reason", Text),
    Column("calls", Integer, nullable=False, server_default="1"),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
"""The books of the simulated provider, which stand for another company's: no statement joins them with `charges`."""

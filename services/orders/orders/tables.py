"""The projection of orders for queries. The truth is the event log (`chassis.database.tables.event_log`)."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.dialects.postgresql import ARRAY

metadata = MetaData()

orders = Table(
    "orders",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, nullable=False),
    Column("hold_id", Uuid, nullable=False, unique=True),
    Column("performance_id", Uuid, nullable=False),
    Column("seats", ARRAY(Text), nullable=False),
    Column("amount", BigInteger, nullable=False, comment="minor units of the currency"),
    Column("currency", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("idempotency_key", Text, comment="its hash; forgotten after a day, and with the account"),
    Column("fingerprint", LargeBinary, comment="of the request, keyed by the idempotency key itself"),
    UniqueConstraint("account_id", "idempotency_key"),
)

cancelled_performances = Table("cancelled_performances", metadata, Column("performance_id", Uuid, primary_key=True))
"""Performances that will not take place, also those whose first order is yet to come."""

payment_tokens = Table(
    "payment_tokens",
    metadata,
    Column("order_id", Uuid, primary_key=True),
    Column("token", Text, nullable=False),
)
"""By what orders are paid, until payments has it or nothing is to be paid any more."""

Index("orders_by_account", orders.c.account_id, orders.c.id)
Index("orders_by_performance", orders.c.performance_id)
Index("orders_with_key", orders.c.created_at, postgresql_where=orders.c.idempotency_key.is_not(None))

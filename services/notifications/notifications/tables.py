"""The tables of notifications."""

from sqlalchemy import Column, DateTime, Index, Integer, MetaData, Table, Text, UniqueConstraint, Uuid, func, text

metadata = MetaData()

contacts = Table(
    "contacts",
    metadata,
    Column("account_id", Uuid, primary_key=True),
    Column("email", Text, comment="empty since 0002, and goes with a later migration"),
    Column("name", Text, comment="empty since 0002, and goes with a later migration"),
    Column("erased_at", DateTime(timezone=True)),
)
"""The accounts that were written to. An erased one keeps its row, so that late news brings nothing back."""

tickets = Table(
    "tickets",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("order_id", Uuid, nullable=False),
    Column("account_id", Uuid, comment="the holder; null once the account was erased"),
    Column("performance_id", Uuid, nullable=False),
    Column("seat", Text, nullable=False),
    Column("show", Text, nullable=False),
    Column("starts_at", DateTime(timezone=True), nullable=False),
    Column("code", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="valid"),
    UniqueConstraint("order_id", "seat", name="tickets_one_per_seat"),
)
Index("tickets_of_account", tickets.c.account_id, tickets.c.id)

closed_orders = Table("closed_orders", metadata, Column("order_id", Uuid, primary_key=True))
"""Orders that were cancelled or refunded: no tickets for these, even if their confirmation arrives late."""

messages = Table(
    "messages",
    metadata,
    Column("id", Uuid, primary_key=True, comment="made from kind and order, so the same news is one message"),
    Column("account_id", Uuid, nullable=False),
    Column("order_id", Uuid),
    Column("link_id", Uuid, comment="what the link of the mail is for, as accounts knows it"),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
Index("messages_of_account", messages.c.account_id, messages.c.created_at, messages.c.id)

mails = Table(
    "mails",
    metadata,
    Column("message_id", Uuid, primary_key=True),
    Column("account_id", Uuid, nullable=False),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("due_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("sent_at", DateTime(timezone=True)),
    Column("error", Text),
)
"""The outgoing mail of each message. `due_at` is when it may be sent (again): who takes a mail moves it into the
future, which is the lease."""

Index("mails_of_account", mails.c.account_id, mails.c.sent_at)
Index("mails_due", mails.c.due_at, postgresql_where=text("state = 'waiting'"))

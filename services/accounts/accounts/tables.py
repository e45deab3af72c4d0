"""The tables of accounts."""

from sqlalchemy import ARRAY, CheckConstraint, Column, DateTime, ForeignKey, Integer, MetaData, Table, Text, Uuid

metadata = MetaData()

accounts = Table(
    "accounts",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("email", Text, nullable=False, unique=True, comment="in the one spelling of domain.normalise_email"),
    Column("name", Text, nullable=False),
    Column("country", Text, nullable=False, comment="ISO 3166-1 alpha-2"),
    Column("jurisdiction", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("password_hash", Text, nullable=False, comment="argon2id, PHC form"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("confirmed_at", DateTime(timezone=True), comment="when its owner showed to read mails at the address"),
    Column("password_version", Integer, nullable=False, server_default="0", comment="counts changes of the password"),
    CheckConstraint("jurisdiction IN ('eu', 'uk', 'us', 'row')", name="accounts_jurisdiction"),
)

password_resets = Table(
    "password_resets",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("expires_at", DateTime(timezone=True), nullable=False),
)
"""Resets that were asked for. The secret of a link is derived (`links.py`); a row goes when it is used."""

"""The table of accounts."""

from sqlalchemy import ARRAY, CheckConstraint, Column, DateTime, MetaData, Table, Text, Uuid

accounts = Table(
    "accounts",
    MetaData(),
    Column("id", Uuid, primary_key=True),
    Column("email", Text, nullable=False, unique=True, comment="in the one spelling of domain.normalise_email"),
    Column("name", Text, nullable=False),
    Column("country", Text, nullable=False, comment="ISO 3166-1 alpha-2"),
    Column("jurisdiction", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("password_hash", Text, nullable=False, comment="argon2id, PHC form"),
    Column("created_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("jurisdiction IN ('eu', 'uk', 'us', 'row')", name="accounts_jurisdiction"),
)

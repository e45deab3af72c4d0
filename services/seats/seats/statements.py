"""Statements as text, which every purchase runs: SQLAlchemy has nothing to build, and what decides can be read."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Float, Integer, Text, TextClause, Uuid, bindparam, text
from sqlalchemy.types import TypeEngine

TYPES: Mapping[str, type[TypeEngine[Any]] | TypeEngine[Any]] = {
    "id": Uuid,
    "account_id": Uuid,
    "performance_id": Uuid,
    "labels": ARRAY(Text),
    "total": BigInteger,
    "currency": Text,
    "seconds": Float,
    "limit": Integer,
    "ids": ARRAY(Uuid),
    "performance_ids": ARRAY(Uuid),
    "hold_ids": ARRAY(Uuid),
    "order_ids": ARRAY(Uuid),
    "changes": ARRAY(Integer),
}
"""The type of each parameter by its name."""


def sql(statement: str) -> TextClause:
    """`statement` with the types of its parameters."""
    clause = text(statement)
    return clause.bindparams(*(bindparam(name, type_=TYPES[name]) for name in clause._bindparams))

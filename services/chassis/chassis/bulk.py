"""A batch of values as a table, so that one statement does the work of many.

It is one parameter for each column whatever the number of rows: the statement stays the same text, which SQLAlchemy has
compiled and Postgres has prepared already.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnClause, ColumnElement, TableValuedAlias, bindparam, column, func
from sqlalchemy.dialects.postgresql import ARRAY


def as_table(rows: Sequence[Mapping[str, Any]], *columns: ColumnElement[Any], name: str = "batch") -> TableValuedAlias:
    """The members of `rows` that are called like `columns`, typed like them, as a FROM item called `name`.

    >>> batch = as_table(rows, charges.c.order_id, charges.c.amount)
    >>> insert(charges).from_select(["order_id", "amount"], batch.select())
    """
    names = [str(each.key) for each in columns]
    arrays = (
        bindparam(f"{name}_{key}", [row[key] for row in rows], type_=ARRAY(each.type), unique=True)
        for key, each in zip(names, columns, strict=True)
    )
    typed: list[ColumnClause[Any]] = [column(key, each.type) for key, each in zip(names, columns, strict=True)]
    return func.unnest(*arrays).table_valued(*typed, name=name).render_derived()

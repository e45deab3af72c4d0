"""A batch of values as a table, so that one statement does the work of many.

It is one parameter for each column whatever the number of rows: the statement stays the same text, and both SQLAlchemy
and Postgres have it prepared already.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import TableValuedAlias, bindparam, column, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.elements import KeyedColumnElement


def as_table(
    rows: Sequence[Mapping[str, Any]], columns: ReadOnlyColumnCollection[str, KeyedColumnElement[Any]], *names: str
) -> TableValuedAlias:
    """The members `names` of `rows` as a FROM item called `batch`, typed like those of `columns` (of a table: `table.c`).

    >>> batch = as_table(rows, charges.c, "order_id", "amount")
    >>> insert(charges).from_select(["order_id", "amount"], select(batch))
    """
    arrays = (
        bindparam(f"batch_{name}", [row[name] for row in rows], type_=ARRAY(columns[name].type), unique=True)
        for name in names
    )
    typed = (column(name, columns[name].type) for name in names)
    return func.unnest(*arrays).table_valued(*typed, name="batch").render_derived()

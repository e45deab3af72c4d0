"""A batch of values as a table, so that one statement does the work of many.

It is one parameter for each column whatever the number of rows: the statement is built once, which SQLAlchemy has then
compiled and Postgres has prepared already.
"""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnClause, ColumnElement, bindparam, column, func
from sqlalchemy.dialects.postgresql import ARRAY


class Batch:
    """Describes rows that come from outside, to be used in statements made when a module is loaded.

    >>> NEW = Batch(charges.c.order_id, charges.c.amount)
    >>> ADD = insert(charges).from_select(NEW.names, NEW.table.select())
    >>> await tx.execute(ADD, NEW.of(new_charges))
    """

    def __init__(self, *columns: ColumnElement[Any], name: str = "batch") -> None:
        """The rows have a member for each of `columns`, of its name and type; the FROM item is called `name`."""
        self.names = [str(each.key) for each in columns]
        self._parameters = [f"{name}_{key}" for key in self.names]
        typed: list[ColumnClause[Any]] = [column(str(each.key), each.type) for each in columns]
        arrays = (
            bindparam(parameter, type_=ARRAY(each.type))
            for parameter, each in zip(self._parameters, columns, strict=True)
        )
        self.table = func.unnest(*arrays).table_valued(*typed, name=name).render_derived()
        self.c = self.table.c

    def of(self, rows: Iterable[object], **more: Sequence[Any]) -> dict[str, Any]:
        """The parameters for `rows`, objects with attributes called like the columns. `more` gives whole columns."""
        rows = list(rows)
        given = ((more[name] if name in more else map(attrgetter(name), rows)) for name in self.names)
        return {parameter: list(values) for parameter, values in zip(self._parameters, given, strict=True)}

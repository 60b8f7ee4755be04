"""Many rows of a table, read by key or written, in one statement on either database.

SQLite takes the keys as one JSON text and rows as they come; PostgreSQL takes arrays for both,
which costs it a fraction of a statement for each row.
"""

import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Delete,
    Insert,
    Select,
    Table,
    TableValuedAlias,
    Text,
    bindparam,
    cast,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY

Values = tuple[Any, ...]


class BulkTable:
    """A table whose rows are found by two text columns, an owner's and an item's.

    Rows come and go as tuples in the order of the table's columns.
    """

    def __init__(self, table: Table, owner: str, item: str) -> None:
        self.table = table
        self._owner: Column[str] = table.c[owner]
        self._item: Column[str] = table.c[item]
        names = [column.name for column in table.columns]
        self._owner_place, self._item_place = names.index(owner), names.index(item)
        self._made: dict[str, _Statements] = {}

    def key(self, row: Values) -> tuple[str, str]:
        """A row's owner and item."""
        return row[self._owner_place], row[self._item_place]

    def select_keys(self, connection: Connection, keys: Sequence[tuple[str, str]]) -> list[Values]:
        """The rows of these (owner, item) pairs."""
        statement = self._statements(connection).select
        return _rows(connection, statement, _key_params(connection, keys))

    def select_owners(self, connection: Connection, owners: Sequence[str]) -> list[Values]:
        """All rows of these owners."""
        statement = select(self.table).where(self._owner.in_(owners))
        return _rows(connection, statement, {})

    def owners(self, connection: Connection, items: Sequence[str]) -> list[str]:
        """Who has a row for any of these items."""
        statement = select(self._owner).where(self._item.in_(items)).distinct()
        return list(connection.scalars(statement))

    def delete_keys(self, connection: Connection, keys: Sequence[tuple[str, str]]) -> None:
        if keys:
            statement = self._statements(connection).delete
            connection.execute(statement, _key_params(connection, keys))

    def upsert(self, connection: Connection, rows: Sequence[Values]) -> None:
        """Insert rows, or overwrite those that have the same primary key."""
        if rows:
            insert_rows(connection, self.table, rows, self._statements(connection).upsert)

    def _statements(self, connection: Connection) -> "_Statements":
        dialect = connection.dialect.name
        found = self._made.get(dialect)
        if found is None:
            found = self._made[dialect] = _Statements(self.table, self._owner, self._item, dialect)
        return found


class _Statements:
    """A table's statements on one database. Making one costs as much as running it: once, late."""

    def __init__(self, table: Table, owner: Column[str], item: Column[str], dialect: str) -> None:
        self._table = table
        self._owner = owner
        self._item = item
        self._dialect = dialect

    @cached_property
    def select(self) -> Select[Any]:
        keys, owner, item = _keys_relation(self._dialect)
        return select(self._table).join(keys, (self._owner == owner) & (self._item == item))

    @cached_property
    def delete(self) -> Delete:
        keys, owner, item = _keys_relation(self._dialect)
        return delete(self._table).where(
            select(1)
            .where(self._owner == owner, self._item == item)
            .select_from(keys)
            .correlate(self._table)
            .exists()
        )

    @cached_property
    def upsert(self) -> Insert:
        if self._dialect == "postgresql":
            return _overwriting(self._table, _from_arrays(self._table))
        return _overwriting(self._table, sqlite.insert(self._table))


def insert_rows(
    connection: Connection, table: Table, rows: Sequence[Values], statement: Insert | None = None
) -> None:
    """Insert rows, given as tuples in the order of the table's columns."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        columns = zip(table.columns, zip(*rows, strict=True), strict=True)
        arrays = {column.name: _array(column, values) for column, values in columns}
        connection.execute(_from_arrays(table) if statement is None else statement, arrays)
    else:
        names = [column.name for column in table.columns]
        dicts = [dict(zip(names, row, strict=True)) for row in rows]
        connection.execute(insert(table) if statement is None else statement, dicts)


def load_rows(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Insert rows into a table that nobody reads yet, the fastest way that a database has."""
    if connection.dialect.name != "postgresql":
        insert_rows(connection, table, rows)
        return
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    as_json = [place for place, each in enumerate(table.columns) if isinstance(each.type, JSON)]
    with connection.connection.cursor().copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(_with_json(row, as_json) if as_json else row)


def _with_json(row: Values, places: Sequence[int]) -> Values:
    return tuple(json.dumps(each) if n in places else each for n, each in enumerate(row))


def _rows(connection: Connection, statement: Select[Any], params: dict[str, Any]) -> list[Values]:
    return [tuple(row) for row in connection.execute(statement, params)]


def _keys_relation(dialect: str) -> tuple[TableValuedAlias, Any, Any]:
    """The keys at hand as something to join, with its owner and item."""
    if dialect == "postgresql":
        arrays = (
            func.unnest(
                bindparam("owners", type_=ARRAY(Text)), bindparam("items", type_=ARRAY(Text))
            )
            .table_valued("owner", "item", name="k")
            .render_derived()
        )
        return arrays, arrays.c.owner, arrays.c.item
    pairs = func.json_each(bindparam("keys")).table_valued("value", name="k")
    return (
        pairs,
        func.json_extract(pairs.c.value, "$[0]"),
        func.json_extract(pairs.c.value, "$[1]"),
    )


def _key_params(connection: Connection, keys: Sequence[tuple[str, str]]) -> dict[str, Any]:
    if connection.dialect.name == "postgresql":
        return {"owners": [owner for owner, _ in keys], "items": [item for _, item in keys]}
    return {"keys": json.dumps(keys)}


def _array(column: Column[Any], values: Iterable[Any]) -> list[Any]:
    """A column's values as one array. JSON goes as text: a list in an array is a matrix."""
    if isinstance(column.type, JSON):
        return [json.dumps(value) for value in values]
    return list(values)


def _from_arrays(table: Table) -> postgresql.Insert:
    names = [column.name for column in table.columns]
    binds = [
        bindparam(
            column.name,
            type_=ARRAY(Text if isinstance(column.type, JSON | Text) else column.type),
        )
        for column in table.columns
    ]
    values = func.unnest(*binds).table_valued(*names, name="k").render_derived()
    typed = [cast(values.c[column.name], column.type) for column in table.columns]
    return postgresql.insert(table).from_select(names, select(*typed))


def _overwriting(table: Table, statement: sqlite.Insert | postgresql.Insert) -> Insert:
    keys = [column.name for column in table.primary_key]
    others = [column.name for column in table.columns if not column.primary_key]
    if not others:
        return statement.on_conflict_do_nothing()
    return statement.on_conflict_do_update(
        index_elements=keys, set_={name: statement.excluded[name] for name in others}
    )

"""Bulk statements: many rows of a table, read by key or written, in one on either database.

SQLite takes the keys as one JSON text and rows as they come; PostgreSQL takes arrays for both,
which costs it a fraction of a statement for each row. The statements are made once from what the
tables are declared to be, and rows go to the driver as they are: a page has dozens of statements,
and to compile them and turn rows into dictionaries and back took longer than to run them.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import JSON, Boolean, Column, Connection, Dialect, Table, Text, TypeDecorator
from sqlalchemy.types import TypeEngine

from projections.driver import driver_of

Values = tuple[Any, ...]
Convert = Callable[[Any], Any]
Converters = list[tuple[int, Convert]]


class BulkTable:
    """A table whose rows are found by two text columns, an owner's and an item's.

    Rows come and go as tuples in the order of the table's columns.
    """

    def __init__(self, table: Table, owner: str, item: str) -> None:
        self.table = table
        self._owner, self._item = owner, item
        self._statements: _Statements | None = None

    def select_keys(self, connection: Connection, keys: Sequence[tuple[str, str]]) -> list[Values]:
        """The rows of these (owner, item) pairs."""
        statements = self._on(connection)
        return statements.rows(connection, statements.select_keys, statements.pairs(keys))

    def select_owners(self, connection: Connection, owners: Sequence[str]) -> list[Values]:
        """All rows of these owners."""
        statements = self._on(connection)
        return statements.rows(connection, statements.select_owners, statements.texts(owners))

    def owners(self, connection: Connection, items: Sequence[str]) -> list[str]:
        """Who has a row for any of these items."""
        statements = self._on(connection)
        found = driver_of(connection).execute(statements.owners, statements.texts(items))
        return [owner for (owner,) in found.fetchall()]

    def delete_keys(self, connection: Connection, keys: Sequence[tuple[str, str]]) -> None:
        if keys:
            self._on(connection).delete(connection, keys)

    def upsert(self, connection: Connection, rows: Sequence[Values]) -> None:
        """Insert rows, or overwrite those that have the same primary key."""
        if rows:
            statements = self._on(connection)
            statements.insert(connection, rows, statements.overwriting)

    def add(self, connection: Connection, rows: Sequence[Values]) -> None:
        """Insert rows, or add their numbers to those that have the same primary key."""
        if rows:
            statements = self._on(connection)
            statements.insert(connection, rows, statements.adding)

    def _on(self, connection: Connection) -> "_Statements":
        if self._statements is None or self._statements.dialect.name != connection.dialect.name:
            self._statements = _statements_of(connection, self.table, self._owner, self._item)
        return self._statements


def insert_rows(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Insert rows, given as tuples in the order of the table's columns."""
    if rows:
        _statements_of(connection, table).insert(connection, rows)


def load_rows(connection: Connection, table: Table, rows: Sequence[Values]) -> None:
    """Insert rows into a table that nobody reads yet, the fastest way that a database has."""
    _statements_of(connection, table).load(connection, rows)


class _Statements(ABC):
    """The statements on a table in one database's language, and how its values go and come."""

    select_keys: str
    select_owners: str
    owners: str

    def __init__(self, dialect: Dialect, table: Table, owner: str, item: str) -> None:
        self.dialect = dialect
        self.table = table
        quote = dialect.identifier_preparer.quote
        self.name, self.owner, self.item = quote(table.name), quote(owner), quote(item)
        self.names = [quote(column.name) for column in table.columns]
        self.columns = ", ".join(f"t.{name}" for name in self.names)
        self._binds = self.binds()
        self._results = self.results()

    @abstractmethod
    def binds(self) -> Converters:
        """What values become for the driver, where they aren't what it takes."""

    @abstractmethod
    def results(self) -> Converters:
        """What becomes of the driver's values, where they aren't what we take."""

    @abstractmethod
    def pairs(self, keys: Sequence[tuple[str, str]]) -> tuple[Any, ...]:
        """Keys as the parameters of `select_keys`."""

    @abstractmethod
    def texts(self, values: Sequence[str]) -> tuple[Any, ...]:
        """Values as the parameters of `select_owners` and `owners`."""

    @abstractmethod
    def delete(self, connection: Connection, keys: Sequence[tuple[str, str]]) -> None: ...

    @abstractmethod
    def insert(
        self, connection: Connection, rows: Sequence[Values], on_conflict: str = ""
    ) -> None: ...

    @abstractmethod
    def load(self, connection: Connection, rows: Sequence[Values]) -> None: ...

    def rows(self, connection: Connection, statement: str, parameters: Any) -> list[Values]:
        found = driver_of(connection).execute(statement, parameters)
        return _converted(found.fetchall(), self._results)

    def bound(self, rows: Sequence[Values]) -> list[Values]:
        """Rows as the driver takes them."""
        return _converted(rows, self._binds)

    @cached_property
    def overwriting(self) -> str:
        return self._on_conflict("{name} = excluded.{name}")

    @cached_property
    def adding(self) -> str:
        return self._on_conflict(f"{{name}} = {self.name}.{{name}} + excluded.{{name}}")

    def _on_conflict(self, change: str) -> str:
        """What is done with a row that is there already: `change`, for each column but its key."""
        keys = {column.name for column in self.table.primary_key}
        quote = self.dialect.identifier_preparer.quote
        target = ", ".join(quote(column.name) for column in self.table.primary_key)
        others = [quote(each.name) for each in self.table.columns if each.name not in keys]
        if not others:
            return f" ON CONFLICT ({target}) DO NOTHING"
        changes = ", ".join(change.format(name=name) for name in others)
        return f" ON CONFLICT ({target}) DO UPDATE SET {changes}"


class _Sqlite(_Statements):
    def __init__(self, dialect: Dialect, table: Table, owner: str, item: str) -> None:
        super().__init__(dialect, table, owner, item)
        self.select_keys = (
            f"SELECT {self.columns} FROM json_each(?) AS k CROSS JOIN {self.name} AS t"  # noqa: S608
            f" ON t.{self.owner} = k.value ->> 0 AND t.{self.item} = k.value ->> 1"
        )
        asked = "(SELECT value FROM json_each(?))"
        self.select_owners = (
            f"SELECT {self.columns} FROM {self.name} AS t WHERE t.{self.owner} IN {asked}"  # noqa: S608
        )
        self.owners = f"SELECT DISTINCT {self.owner} FROM {self.name} WHERE {self.item} IN {asked}"  # noqa: S608
        self._delete = f"DELETE FROM {self.name} WHERE {self.owner} = ? AND {self.item} = ?"  # noqa: S608
        parameters = ", ".join("?" * len(self.names))
        self._insert = f"INSERT INTO {self.name} VALUES ({parameters})"  # noqa: S608

    def binds(self) -> Converters:
        return _converters(
            self.table,
            (JSON, TypeDecorator),
            lambda each: each.dialect_impl(self.dialect).bind_processor(self.dialect),
        )

    def results(self) -> Converters:
        return _converters(
            self.table,
            (Boolean, JSON, TypeDecorator),
            lambda each: each.dialect_impl(self.dialect).result_processor(self.dialect, None),
        )

    def pairs(self, keys: Sequence[tuple[str, str]]) -> tuple[Any, ...]:
        return (json.dumps(keys),)

    def texts(self, values: Sequence[str]) -> tuple[Any, ...]:
        return (json.dumps(list(values)),)

    def delete(self, connection: Connection, keys: Sequence[tuple[str, str]]) -> None:
        driver_of(connection).executemany(self._delete, keys)

    def insert(self, connection: Connection, rows: Sequence[Values], on_conflict: str = "") -> None:
        statement = self._insert + on_conflict
        driver_of(connection).executemany(statement, self.bound(rows))

    def load(self, connection: Connection, rows: Sequence[Values]) -> None:
        self.insert(connection, rows)


class _Postgresql(_Statements):
    def __init__(self, dialect: Dialect, table: Table, owner: str, item: str) -> None:
        super().__init__(dialect, table, owner, item)
        self.select_keys = (
            f"SELECT {self.columns} FROM unnest(%b::text[], %b::text[]) AS k (owner, item)"  # noqa: S608
            f" JOIN {self.name} AS t ON t.{self.owner} = k.owner AND t.{self.item} = k.item"
        )
        self.select_owners = (
            f"SELECT {self.columns} FROM {self.name} AS t WHERE t.{self.owner} = ANY(%b::text[])"  # noqa: S608
        )
        self.owners = (
            f"SELECT DISTINCT {self.owner} FROM {self.name} WHERE {self.item} = ANY(%b::text[])"  # noqa: S608
        )
        self._delete = (
            f"DELETE FROM {self.name} AS t USING unnest(%b::text[], %b::text[]) AS k (owner, item)"  # noqa: S608
            f" WHERE t.{self.owner} = k.owner AND t.{self.item} = k.item"
        )
        columns = ", ".join(self.names)
        values = ", ".join(
            f"k.{name}{_cast_of(column)}"
            for name, column in zip(self.names, table.columns, strict=True)
        )
        arrays = ", ".join(f"%b::{_element_of(each, dialect)}[]" for each in table.columns)
        self._insert = (
            f"INSERT INTO {self.name} ({columns}) SELECT {values}"  # noqa: S608
            f" FROM unnest({arrays}) AS k ({columns})"
        )
        self._copy = f"COPY {self.name} ({columns}) FROM STDIN"

    def binds(self) -> Converters:
        return _converters(self.table, (JSON,), lambda _: json.dumps)

    def results(self) -> Converters:
        return []

    def pairs(self, keys: Sequence[tuple[str, str]]) -> tuple[Any, ...]:
        return [owner for owner, _ in keys], [item for _, item in keys]

    def texts(self, values: Sequence[str]) -> tuple[Any, ...]:
        return (list(values),)

    def delete(self, connection: Connection, keys: Sequence[tuple[str, str]]) -> None:
        driver_of(connection).execute(self._delete, self.pairs(keys))

    def insert(self, connection: Connection, rows: Sequence[Values], on_conflict: str = "") -> None:
        statement = self._insert + on_conflict
        columns = tuple(map(list, zip(*self.bound(rows), strict=True)))
        driver_of(connection).execute(statement, columns)

    def load(self, connection: Connection, rows: Sequence[Values]) -> None:
        with connection.connection.cursor().copy(self._copy) as copy:
            for row in self.bound(rows):
                copy.write_row(row)


def _element_of(column: Column[Any], dialect: Dialect) -> str:
    """The type of a column's values in an array. JSON goes as text: a list there is a matrix."""
    return "text" if isinstance(column.type, JSON | Text) else column.type.compile(dialect)


def _cast_of(column: Column[Any]) -> str:
    return "::json" if isinstance(column.type, JSON) else ""


def _statements_of(
    connection: Connection, table: Table, owner: str | None = None, item: str | None = None
) -> _Statements:
    first = table.columns[0].name
    of_dialect = _Postgresql if connection.dialect.name == "postgresql" else _Sqlite
    return of_dialect(connection.dialect, table, owner or first, item or first)


def _converters(
    table: Table,
    types: tuple[type[TypeEngine[Any]], ...],
    converter: Callable[[TypeEngine[Any]], Convert | None],
) -> Converters:
    """What converts the columns of these types, by their places."""
    found = [
        (place, converter(column.type))
        for place, column in enumerate(table.columns)
        if isinstance(column.type, types)
    ]
    return [(place, convert) for place, convert in found if convert is not None]


def _converted(rows: Sequence[Values], converters: Converters) -> list[Values]:
    if not converters:
        return list(rows)
    converted = []
    for row in rows:
        values = list(row)
        for place, convert in converters:
            values[place] = convert(values[place])
        converted.append(tuple(values))
    return converted

"""Shadow tables: new ones beside those in use, made, filled in bulk, put in place, cleared away.

They have the names of the tables in use with the number of the rebuild behind them. Indexes keep
theirs when the tables are renamed, so they are numbered too and never meet their predecessors.
"""

import re
from collections.abc import Iterable
from itertools import islice

from sqlalchemy import Connection, Engine, MetaData, Table, inspect
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql.elements import quoted_name

from infrastructure.database.engine import write_transaction
from projections.bulk import Values, load_rows
from projections.projection import live_table
from projections.read_models import PROJECTIONS
from projections.schema import Base

_CHUNK = 20_000
"""Rows a transaction: on SQLite those who append wait as long as one takes."""

_NUMBER = re.compile(r"__g(\d+)$")


class ShadowTables:
    """The tables of one rebuild, by its generation number."""

    def __init__(self, generation: int) -> None:
        self.generation = generation
        self._metadata = MetaData()
        self._tables = {
            model: _numbered(live_table(model), self._metadata, generation)
            for projection in PROJECTIONS
            for model in projection.models
        }

    def table_of(self, model: type[Base]) -> Table:
        return self._tables[model]

    def create(self, connection: Connection) -> None:
        """The tables, without their further indexes: those are cheaper made at the end."""
        for table in self._tables.values():
            connection.execute(CreateTable(table))

    def create_indexes(self, engine: Engine) -> None:
        for table in self._tables.values():
            for index in sorted(table.indexes, key=lambda each: str(each.name)):
                with write_transaction(engine) as connection:
                    connection.execute(CreateIndex(index))

    def put_in_place(self, connection: Connection, models: Iterable[type[Base]]) -> None:
        """Let these tables replace those in use, and remove the others of this rebuild."""
        wanted = set(models)
        for model, table in self._tables.items():
            if model in wanted:
                name = model.__tablename__
                connection.exec_driver_sql(f"DROP TABLE {name}")
                connection.exec_driver_sql(f"ALTER TABLE {table.name} RENAME TO {name}")
            else:
                connection.exec_driver_sql(f"DROP TABLE {table.name}")


def _numbered(table: Table, metadata: MetaData, generation: int) -> Table:
    copy = table.to_metadata(metadata, name=f"{table.name}__g{generation}")
    for index in copy.indexes:
        index.name = quoted_name(f"{index.name}__g{generation}", quote=None)
    return copy


def leftovers(connection: Connection) -> list[str]:
    """The tables of rebuilds: of the one that runs, or of those that were interrupted."""
    names = [model.__tablename__ for projection in PROJECTIONS for model in projection.models]
    left = re.compile(rf"^({'|'.join(map(re.escape, names))})__g\d+$")
    return [name for name in inspect(connection).get_table_names() if left.match(name)]


def last_generation(connection: Connection) -> int:
    """The greatest number that an index in use has from its rebuild, whatever the bookmark says."""
    found = inspect(connection)
    names = (
        str(index["name"])
        for projection in PROJECTIONS
        for model in projection.models
        if found.has_table(model.__tablename__)
        for index in found.get_indexes(model.__tablename__)
    )
    return max((int(number[1]) for name in names if (number := _NUMBER.search(name))), default=0)


def clear_away(connection: Connection) -> None:
    """Remove what rebuilds that were interrupted have left behind."""
    for name in leftovers(connection):
        connection.exec_driver_sql(f"DROP TABLE {name}")


def load(engine: Engine, table: Table, rows: Iterable[Values]) -> None:
    """Fill a table in bulk, in transactions that are short enough for others to get on."""
    remaining = iter(rows)
    while chunk := list(islice(remaining, _CHUNK)):
        with write_transaction(engine) as connection:
            load_rows(connection, table, chunk)

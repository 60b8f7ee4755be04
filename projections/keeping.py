"""How the fold's tables are kept in the database: what is loaded by key and written as changed."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from domain.keyed import Key, Keyed, Loader
from projections.bulk import BulkTable, Values

V = TypeVar("V")


class Source:
    """The connection that tables are read through: each page has a transaction of its own."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection


@dataclass(frozen=True)
class Keeping(Generic[V]):
    """One of the fold's tables and the rows that it is kept in.

    `pack` makes a value's rows out of key, value and the position before the page that changed it,
    `unpack` the value out of all rows of a key; rows are tuples in the order of the columns.
    """

    rows: BulkTable
    pack: Callable[[Key, V, int], Iterable[Values]]
    unpack: Callable[[list[Values]], V]

    def loader(self, source: Source) -> Loader[V]:
        """What reads the stored values, through whatever connection `source` has by then."""
        return Loader(
            by_key=lambda keys: self._values(self.rows.select_keys(source.connection, keys)),
            by_owner=lambda owners: self._values(
                self.rows.select_owners(source.connection, owners)
            ),
            owners=lambda items: self.rows.owners(source.connection, items),
        )

    def write(
        self, connection: Connection, changes: Iterable[tuple[Key, V | None]], after: int
    ) -> None:
        """Write the last values of the keys that changed since position `after`."""
        gone: list[Key] = []
        present: list[Values] = []
        for key, value in changes:
            if value is None:
                gone.append(key)
            else:
                present.extend(self.pack(key, value, after))
        self.rows.delete_keys(connection, gone)
        self.rows.upsert(connection, present)

    def all_rows(self, table: Keyed[V]) -> Iterator[Values]:
        """The rows of everything that a table has in memory."""
        return (row for key, value in table.items() for row in self.pack(key, value, 0))

    def _values(self, rows: Iterable[Values]) -> dict[Key, V]:
        by_key: dict[Key, list[Values]] = {}
        for row in rows:
            by_key.setdefault(self.rows.key(row), []).append(row)
        return {key: self.unpack(rows) for key, rows in by_key.items()}


def keeping_tuples(rows: BulkTable, value: Callable[..., V]) -> Keeping[V]:
    """Keeps named tuples, one row each: owner, item, and a column for each field."""
    return Keeping(
        rows,
        pack=lambda key, value, _: [(*key, *value)],  # type: ignore[misc]  # V is a tuple here
        unpack=lambda found: value(*found[0][2:]),
    )


def keeping_single(rows: BulkTable) -> Keeping[Any]:
    """Keeps single values, one row each: owner, item and the value."""
    return Keeping(
        rows,
        pack=lambda key, value, _: [(*key, value)],
        unpack=lambda found: found[0][2],
    )

"""Keeping the fold's tables in the database: loaded by key, written as they changed."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from domain.state.cached_table import CachedTable, Key, Loader
from projections.bulk import BulkTable, Values

V = TypeVar("V")

_CHUNK = 10_000


class Source:
    """What tables are read through: each page, and each reader, has a connection of its own.

    `connect` answers it whenever something is to be loaded.
    """

    def __init__(self, connect: Callable[[], Connection]) -> None:
        self.connect = connect

    def connection(self) -> Connection:
        """The one to read through now."""
        return self.connect()


@dataclass(frozen=True)
class Keeping(Generic[V]):
    """One of the fold's tables and the rows that it is kept in.

    `pack` makes rows out of keys and values and the position before the page that changed them,
    `unpack` the values out of all rows of their keys; rows are tuples in the order of the columns.
    """

    rows: BulkTable
    pack: Callable[[Iterable[tuple[Key, V]], int], list[Values]]
    unpack: Callable[[list[Values]], dict[Key, V]]

    def loader(self, source: Source) -> Loader[V]:
        """What reads the stored values, through whatever connection `source` has by then."""
        rows, unpack = self.rows, self.unpack
        return Loader(
            by_key=lambda keys: unpack(rows.select_keys(source.connect(), keys)),
            by_owner=lambda owners: unpack(rows.select_owners(source.connect(), owners)),
            owners=lambda items: rows.owners(source.connect(), items),
        )

    def write(
        self, connection: Connection, changes: Sequence[tuple[Key, V | None]], after: int
    ) -> None:
        """Write the last values of the keys that changed since position `after`."""
        gone = [key for key, value in changes if value is None]
        present = ((key, value) for key, value in changes if value is not None)
        self.rows.delete_keys(connection, gone)
        self.rows.upsert(connection, self.pack(present, after))

    def all_rows(self, table: CachedTable[V]) -> Iterator[Values]:
        """The rows of everything that a table has in memory."""
        items = table.items()
        while chunk := list(islice(items, _CHUNK)):
            yield from self.pack(chunk, 0)


def keeping_tuples(rows: BulkTable, value: type[V]) -> Keeping[V]:
    """Keeps named tuples, one row each: owner, item, and a column for each field."""
    make: Callable[[Values], V] = value._make  # type: ignore[attr-defined]  # V is a named tuple
    return Keeping(
        rows,
        pack=lambda items, _: [(*key, *each) for key, each in items],  # type: ignore[misc]  # so
        unpack=lambda found: {row[:2]: make(row[2:]) for row in found},
    )


def keeping_single(rows: BulkTable) -> Keeping[Any]:
    """Keeps single values, one row each: owner, item and the value."""
    return Keeping(
        rows,
        pack=lambda items, _: [(*key, each) for key, each in items],
        unpack=lambda found: {row[:2]: row[2] for row in found},
    )

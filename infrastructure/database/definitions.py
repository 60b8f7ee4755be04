"""What a table is in the database, held against what is declared: columns, key, indexes, triggers.

Code relies on them without looking: that a unique index holds two apart, that an index sorts by
code point, that an insert inserts. Whoever changes one changes answers, and no digest shows it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Dialect, Index, Table
from sqlalchemy.schema import CreateIndex

_RESTORE = "Restore a backup."
_OF_A_REBUILD = re.compile(r"__g\d+$")
"""The end of the names of indexes that a rebuild has made."""


class Actor(NamedTuple):
    """Something that does more with a table than it is told, and what takes it away."""

    name: str
    removal: str


class Definition(NamedTuple):
    """What a table is, in words that compare: columns by name, the key, indexes by name.

    An index reads as `UNIQUE (a, b) WHERE c IS NULL`.
    """

    columns: Mapping[str, str]
    key: str
    indexes: Mapping[str, str]
    actors: Sequence[Actor] = ()


class Looker(Protocol):
    """Finds out what a table is, on the driver's own connection."""

    def found(self, driver: Any, table: str) -> Definition:
        """Without columns if there is no such table."""


def look(driver: Any, dialect: Dialect, table: Table) -> Definition:
    """What a table is."""
    looker: Looker = _Sqlite() if dialect.name == "sqlite" else _Postgresql()
    return looker.found(driver, table.name)


@lru_cache
def declaration(table: Table, dialect: Dialect) -> Definition:
    """What a table should be."""
    columns = {
        each.name: f"{each.type.compile(dialect)}{'' if each.nullable else ' NOT NULL'}"
        for each in table.columns
    }
    indexes = {str(index.name): _declared(index, dialect) for index in table.indexes}
    return Definition(columns, _listed([each.name for each in table.primary_key]), indexes)


def _declared(index: Index, dialect: Dialect) -> str:
    where = _made(index, dialect).partition(" WHERE ")[2]
    return _index(_listed([each.name for each in index.columns]), where, is_unique=index.unique)


def _made(index: Index, dialect: Dialect) -> str:
    return " ".join(str(CreateIndex(index).compile(dialect=dialect)).split())


def _index(columns: str, where: str, *, is_unique: bool) -> str:
    condition = " ".join(where.split())
    return f"{'UNIQUE ' if is_unique else ''}{columns}{f' WHERE {condition}' if where else ''}"


def _listed(columns: Sequence[str]) -> str:
    return f"({', '.join(columns)})"


class Comparison:
    """A table as it is beside what is declared; its faults are sentences that say what to do.

    `mend` is what to do about columns, key and indexes, if it isn't a matter of single statements.
    """

    def __init__(self, driver: Any, dialect: Dialect, table: Table, mend: str = "") -> None:
        self._dialect, self._table, self._mend = dialect, table, mend
        self._found, self._right = look(driver, dialect, table), declaration(table, dialect)

    def all_faults(self) -> Iterator[str]:
        """All in which the table isn't what it should be."""
        yield from self.column_faults()
        yield from self.key_faults()
        yield from self.index_faults()
        yield from self.actor_faults()

    def column_faults(self) -> Iterator[str]:
        right, found = self._right.columns, self._found.columns
        if not found:
            yield f"The table {self._table.name} is missing. {self._mend or _RESTORE}"
            return
        for name in dict.fromkeys((*right, *found)):
            if found.get(name) != right.get(name):
                yield (
                    f"The column {self._table.name}.{name} is {found.get(name, 'missing')}; it "
                    f"should be {right.get(name, 'none of it')}. {self._mend or _RESTORE}"
                )

    def key_faults(self) -> Iterator[str]:
        if self._found.columns and self._found.key != self._right.key:
            yield (
                f"The primary key of {self._table.name} is {self._found.key}; it should be "
                f"{self._right.key}. {self._mend or _RESTORE}"
            )

    def index_faults(self, *, only_unique: bool = False) -> Iterator[str]:
        """Indexes that are missing or false, and those that refuse what they shouldn't."""
        declared = self._table.indexes if self._found.columns else ()
        for index in sorted(declared, key=lambda each: str(each.name)):
            if index.unique or not only_unique:
                yield from self._index_faults(index)
        for name, found in self._found.indexes.items():
            if found.startswith("UNIQUE") and name not in self._right.indexes:
                yield (
                    f"The index {name} on {self._table.name}, {found}, isn't Watchledger's and "
                    f"may refuse what is right. Take it away: DROP INDEX {name};"
                )

    def _index_faults(self, index: Index) -> Iterator[str]:
        name, made = str(index.name), _made(index, self._dialect)
        found, right = self._found.indexes.get(name), self._right.indexes[name]
        if found is None:
            mend = self._mend or f"Stop the service and make it: {made};"
            yield f"The index {name} is missing. {mend}"
        elif found != right:
            mend = self._mend or f"Stop the service and make it anew: DROP INDEX {name}; {made};"
            yield f"The index {name} is {found}; it should be {right}. {mend}"

    def actor_faults(self) -> Iterator[str]:
        """Whatever does more with the table than it is told."""
        for actor in self._found.actors:
            yield (
                f"There is {actor.name} on {self._table.name}, which isn't Watchledger's and may "
                f"falsify what is written or read. Take it away: {actor.removal};"
            )


class _Sqlite:
    def found(self, driver: Any, table: str) -> Definition:
        rows = driver.execute(f'PRAGMA table_xinfo("{table}")').fetchall()
        columns = {name: f"{type_}{' NOT NULL' * bool(no)}" for _, name, type_, no, *_ in rows}
        key = [name for place, name in sorted((row[5], row[1]) for row in rows) if place]
        indexes = {
            _OF_A_REBUILD.sub("", name): self._index(driver, name, is_unique=bool(is_unique))
            for _, name, is_unique, origin, _ in driver.execute(
                f'PRAGMA index_list("{table}")'
            ).fetchall()
            if origin != "pk"
        }
        triggers = driver.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"  # noqa: S608  # our own name
            f" AND lower(tbl_name) = '{table}'"
        ).fetchall()
        actors = [Actor(f"a trigger {name}", f'DROP TRIGGER "{name}"') for (name,) in triggers]
        return Definition(columns, _listed(key), indexes, actors)

    def _index(self, driver: Any, name: str, *, is_unique: bool) -> str:
        quoted = name.replace('"', '""')
        parts = [
            f"{column or 'an expression'}"
            f"{'' if collation == 'BINARY' else f' COLLATE {collation}'}{' DESC' * descends}"
            for _, _, column, descends, collation, is_key in driver.execute(
                f'PRAGMA index_xinfo("{quoted}")'
            ).fetchall()
            if is_key
        ]
        asked = "SELECT sql FROM sqlite_master WHERE type = 'index' AND name = ?"
        [[text]] = driver.execute(asked, (name,)).fetchall() or [[None]]
        where = re.split(r"(?i)\bWHERE\b", text or "", maxsplit=1)[1:]
        return _index(_listed(parts), where[0] if where else "", is_unique=is_unique)


_COLUMNS = """
    SELECT attname, upper(format_type(atttypid, atttypmod)), attnotnull, collname
    FROM pg_attribute LEFT JOIN pg_collation ON pg_collation.oid = attcollation
    WHERE attrelid = to_regclass('{table}') AND attnum > 0 AND NOT attisdropped
"""
_INDEXES = """
    SELECT relname, indisprimary, indisunique,
        indisvalid AND indisready AND indislive AND indimmediate, pg_get_indexdef(indexrelid)
    FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    WHERE indrelid = to_regclass('{table}')
"""
_ACTORS = """
    SELECT 'a trigger ' || tgname, format('DROP TRIGGER %I ON {table}', tgname) FROM pg_trigger
    WHERE tgrelid = to_regclass('{table}') AND NOT tgisinternal
    UNION ALL
    SELECT 'a rule ' || rulename, format('DROP RULE %I ON {table}', rulename) FROM pg_rewrite
    WHERE ev_class = to_regclass('{table}')
    UNION ALL
    SELECT 'row-level security', 'ALTER TABLE {table} DISABLE ROW LEVEL SECURITY' FROM pg_class
    WHERE oid = to_regclass('{table}') AND relrowsecurity
    UNION ALL
    SELECT 'a table that inherits, ' || inhrelid::regclass,
        format('ALTER TABLE %s NO INHERIT {table}', inhrelid::regclass)
    FROM pg_inherits WHERE inhparent = to_regclass('{table}')
"""


class _Postgresql:
    def found(self, driver: Any, table: str) -> Definition:
        columns = {
            name: f"{type_}{_collated(collation)}{' NOT NULL' * is_needed}"
            for name, type_, is_needed, collation in self._asked(driver, _COLUMNS, table)
        }
        key, indexes = "()", {}
        for full_name, is_key, is_unique, is_valid, text in self._asked(driver, _INDEXES, table):
            if is_key and is_valid:
                key = self._index(text, is_unique=False, is_valid=True)
            else:
                name = _OF_A_REBUILD.sub("", full_name)
                indexes[name] = self._index(text, is_unique=is_unique, is_valid=is_valid)
        actors = [Actor(*row) for row in self._asked(driver, _ACTORS, table)]
        return Definition(columns, key, indexes, actors)

    def _asked(self, driver: Any, query: str, table: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = driver.execute(query.format(table=table)).fetchall()
        return rows

    def _index(self, text: str, *, is_unique: bool, is_valid: bool) -> str:
        method, _, rest = text.partition(" USING ")[2].partition(" ")
        columns, _, where = rest.replace('"', "").partition(" WHERE ")
        if method != "btree" or not is_valid:
            columns = f"{method} {columns}{'' if is_valid else ', which is invalid'}"
        return _index(columns, where[1:-1], is_unique=is_unique)


def _collated(collation: str | None) -> str:
    return "" if collation in {None, "default"} else f' COLLATE "{collation}"'

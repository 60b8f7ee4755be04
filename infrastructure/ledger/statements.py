"""The ledger's statements on SQLite and on PostgreSQL: few, and each for a whole batch.

Both ask for the last version of each stream by one seek per stream, so that an append costs the
same however long the stream is, and hand over a batch as one or two values, so that one prepared
statement serves every size.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from sqlalchemy import Connection, Engine

from infrastructure.database import statement_by_statement, write_transaction
from infrastructure.ledger.entries import Found, Head, Key, Row, StreamHead, Submitted

HEAD = "SELECT position, catalog_version, recorded_at_us FROM ledger_head"

_COLUMNS = (
    "position, originator_id, originator_version, topic, state, recorded_at_us, at_us,"
    ' catalog_version, submission_id, "user", item, salt, digest'
)

_CASTS = (
    *("bigint", "text", "bigint", "text", "bytea", "bigint", "bigint", "bigint", "text::uuid"),
    *("text", "text", "bytea", "bytea"),
)
"""What PostgreSQL is to take each column for: the driver sends values in binary, untyped."""

Attempt = Callable[[Engine], AbstractContextManager[Connection]]


class Statements(Protocol):
    """What an append asks of a database.

    It looks, numbers its rows and inserts them, in the first of `attempts`, or in the next if
    somebody else was quicker; the last can't fail so.
    """

    @property
    def attempts(self) -> Sequence[Attempt]: ...

    def look(
        self, connection: Connection, streams: Collection[str], keys: Collection[Key]
    ) -> tuple[Head, Found]:
        """The head, where the streams end and what was recorded under the keys, at one time."""

    def insert(self, connection: Connection, rows: Sequence[Row], seen: Head, new: Head) -> bool:
        """Adds the rows and moves the head, if it is still the one that was seen."""

    def newest(self, connection: Connection, streams: Collection[str]) -> int:
        """The position of the newest event of these streams; 0 if they have none."""


def _as_json(streams: Collection[str], keys: Sequence[Key]) -> tuple[str, str]:
    """Both as one value each, whatever their number."""
    return json.dumps(list(streams)), json.dumps(keys)


def _seen(rows: Iterable[Sequence[Any]], keys: Sequence[Key]) -> tuple[Head, Found]:
    """Of rows (stream or None, number of its key or None, …), as `look` selects them."""
    streams: dict[str, StreamHead] = {}
    submitted: dict[Key, Submitted | Row] = {}
    head = Head(0, 0, 0)
    for stream, number, position, version, recorded_at_us, topic, content in rows:
        if stream is not None:
            streams[stream] = StreamHead(version, content)
        elif number is not None:
            submitted[keys[number]] = Submitted(position, version, topic, content)
        else:
            head = Head(position, version, recorded_at_us)
    return head, Found(streams, submitted)


def _driver(connection: Connection) -> Any:
    """The driver's own connection: a small statement costs SQLite less than SQLAlchemy.

    Errors are the driver's own then, which `problems_named` knows as well.
    """
    return connection.connection.driver_connection


class SqliteStatements:
    """BEGIN IMMEDIATE locks out every other writer, so what was seen stays true."""

    attempts: Sequence[Attempt] = (write_transaction,)

    _LOOK = """
        SELECT NULL, NULL, position, catalog_version, recorded_at_us, NULL, NULL FROM ledger_head
        UNION ALL
        SELECT asked.value, NULL, NULL, originator_version, NULL, NULL, digest
        FROM json_each(?) AS asked
        JOIN ledger_event ON originator_id = asked.value AND originator_version = (
            SELECT max(originator_version) FROM ledger_event WHERE originator_id = asked.value)
        UNION ALL
        SELECT NULL, asked.key, position, originator_version, NULL, topic, state
        FROM json_each(?) AS asked
        JOIN ledger_event ON originator_id = asked.value ->> 0 AND submission_id = asked.value ->> 1
    """
    _NEWEST = """
        SELECT max((SELECT position FROM ledger_event WHERE originator_id = asked.value
                    ORDER BY originator_version DESC LIMIT 1))
        FROM json_each(?) AS asked
    """
    _INSERT = f"INSERT INTO ledger_event ({_COLUMNS}) VALUES ({', '.join('?' * 13)})"  # noqa: S608
    _MOVE = "UPDATE ledger_head SET position = ?, catalog_version = ?, recorded_at_us = ?"

    def look(
        self, connection: Connection, streams: Collection[str], keys: Collection[Key]
    ) -> tuple[Head, Found]:
        asked = list(keys)
        rows = _driver(connection).execute(self._LOOK, _as_json(streams, asked)).fetchall()
        return _seen(rows, asked)

    def newest(self, connection: Connection, streams: Collection[str]) -> int:
        found = _driver(connection).execute(self._NEWEST, (json.dumps(list(streams)),))
        return found.fetchone()[0] or 0

    def insert(self, connection: Connection, rows: Sequence[Row], _seen: Head, new: Head) -> bool:
        driver = _driver(connection)
        driver.executemany(self._INSERT, rows)
        driver.execute(self._MOVE, new)
        return True


@contextmanager
def _holding_the_head(engine: Engine) -> Iterator[Connection]:
    with write_transaction(engine) as connection:
        connection.exec_driver_sql(f"{HEAD} FOR UPDATE")
        yield connection


class PostgresqlStatements:
    """Whoever moves the head from where it was seen has been alone; others look again.

    So an append is two round trips, each its own transaction. Where several processes append at
    once, the loser holds the head's row while it looks again, and can't lose twice.

    What is asked for comes as JSON, and each look-up is lateral, so that one generic plan of index
    seeks fits a single event and a thousand, and a ledger that was empty when it was planned.
    """

    attempts: Sequence[Attempt] = (statement_by_statement, _holding_the_head)

    _LOOK = """
        SELECT NULL, NULL::bigint, position, catalog_version, recorded_at_us, NULL, NULL::bytea
        FROM ledger_head
        UNION ALL
        SELECT asked.stream, NULL, NULL, last.*
        FROM json_array_elements_text(%s::json) AS asked (stream)
        CROSS JOIN LATERAL (
            SELECT originator_version, NULL::bigint, NULL, digest FROM ledger_event
            WHERE originator_id = asked.stream ORDER BY originator_version DESC LIMIT 1) AS last
        UNION ALL
        SELECT NULL, asked.number - 1, first.*
        FROM json_array_elements(%s::json) WITH ORDINALITY AS asked (key, number)
        CROSS JOIN LATERAL (
            SELECT position, originator_version, NULL::bigint, topic, state FROM ledger_event
            WHERE originator_id = asked.key ->> 0 AND submission_id = (asked.key ->> 1)::uuid
            LIMIT 1) AS first
    """
    _NEWEST = """
        SELECT max(last.position) FROM json_array_elements_text(%s::json) AS asked (stream)
        CROSS JOIN LATERAL (
            SELECT position FROM ledger_event WHERE originator_id = asked.stream
            ORDER BY originator_version DESC LIMIT 1) AS last
    """
    _INSERT = f"""
        WITH moved AS (
            UPDATE ledger_head SET position = %s, catalog_version = %s, recorded_at_us = %s
            WHERE position = %s RETURNING 1)
        INSERT INTO ledger_event ({_COLUMNS})
    """  # noqa: S608
    _ONE = f"{_INSERT} SELECT {', '.join(f'%b::{cast_}' for cast_ in _CASTS)} FROM moved"  # noqa: S608
    _MANY = (
        f"{_INSERT} SELECT added.* FROM"  # noqa: S608
        f" unnest({', '.join('%b::' + cast_.replace('::', '[]::') + '[]' for cast_ in _CASTS)})"
        " AS added WHERE EXISTS (SELECT FROM moved)"
    )

    def look(
        self, connection: Connection, streams: Collection[str], keys: Collection[Key]
    ) -> tuple[Head, Found]:
        asked = list(keys)
        return _seen(connection.exec_driver_sql(self._LOOK, _as_json(streams, asked)), asked)

    def newest(self, connection: Connection, streams: Collection[str]) -> int:
        asked = (json.dumps(list(streams)),)
        return connection.exec_driver_sql(self._NEWEST, asked).scalar_one() or 0

    def insert(self, connection: Connection, rows: Sequence[Row], seen: Head, new: Head) -> bool:
        move = (*new, seen.position)
        if len(rows) == 1:
            cursor = _driver(connection).execute(self._ONE, (*move, *rows[0]))
        else:
            columns = map(list, zip(*rows, strict=True))
            cursor = _driver(connection).execute(self._MANY, (*move, *columns))
        return bool(cursor.rowcount == len(rows))


def statements_of(dialect: str) -> Statements:
    return SqliteStatements() if dialect == "sqlite" else PostgresqlStatements()

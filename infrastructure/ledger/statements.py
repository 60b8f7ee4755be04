"""The ledger's statements on SQLite and on PostgreSQL: few, and each for a whole batch.

Both ask for the last version of each stream by one seek per stream, so that an append costs the
same however long the stream is, and hand over a batch as one or two values, so that one prepared
statement serves every size.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from operator import itemgetter
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Connection

from infrastructure.ledger.entries import Found, Head, Key, Row, StreamHead, Submitted

HEAD = "SELECT position, catalog_version, recorded_at_us FROM ledger_head"

_COLUMNS = (
    "position, originator_id, originator_version, topic, state, recorded_at_us, at_us,"
    ' catalog_version, submission_id, "user", item, salt, digest'
)


class Statements(Protocol):
    """What an append asks of a database, inside its transaction."""

    def locked_head(self, connection: Connection) -> Head:
        """The head, nobody else's until the transaction ends."""

    def find(
        self, connection: Connection, streams: Collection[str], keys: Collection[Key]
    ) -> Found:
        """Where the streams end, and what was recorded under the keys."""

    def insert(self, connection: Connection, rows: Sequence[Row], head: Head) -> None:
        """Adds the rows and moves the head."""


def _found(rows: Iterable[Sequence[Any]], keys: Sequence[Key]) -> Found:
    """Of rows (number of the key or None, stream, position, version, topic, state or digest)."""
    streams: dict[str, StreamHead] = {}
    submitted: dict[Key, Submitted] = {}
    for number, stream, position, version, topic, content in rows:
        if number is None:
            streams[stream] = StreamHead(version, content)
        else:
            submitted[keys[number]] = Submitted(position, version, topic, content)
    return Found(streams, submitted)


class SqliteStatements:
    """BEGIN IMMEDIATE has locked the whole database, so the head is read plainly."""

    _FIND = """
        SELECT NULL, asked.value, position, originator_version, topic, digest
        FROM json_each(?) AS asked
        JOIN ledger_event ON originator_id = asked.value AND originator_version = (
            SELECT max(originator_version) FROM ledger_event WHERE originator_id = asked.value)
        UNION ALL
        SELECT asked.key, NULL, position, originator_version, topic, state
        FROM json_each(?) AS asked
        JOIN ledger_event ON originator_id = asked.value ->> 0 AND submission_id = asked.value ->> 1
    """
    _INSERT = f"INSERT INTO ledger_event ({_COLUMNS}) VALUES ({', '.join('?' * 13)})"  # noqa: S608  # constants
    _MOVE = "UPDATE ledger_head SET position = ?, catalog_version = ?, recorded_at_us = ?"

    def locked_head(self, connection: Connection) -> Head:
        return Head(*connection.exec_driver_sql(HEAD).one())

    def find(
        self, connection: Connection, streams: Collection[str], keys: Collection[Key]
    ) -> Found:
        asked = list(keys)
        submissions = json.dumps([(stream, submission.hex) for stream, submission in asked])
        rows = connection.exec_driver_sql(self._FIND, (json.dumps(list(streams)), submissions))
        return _found(rows, asked)

    def insert(self, connection: Connection, rows: Sequence[Row], head: Head) -> None:
        values = [(*row[:8], _hex(row[8]), *row[9:]) for row in rows]
        connection.exec_driver_sql(self._INSERT, values)
        connection.exec_driver_sql(self._MOVE, tuple(head))


def _hex(submission_id: UUID | None) -> str | None:
    return None if submission_id is None else submission_id.hex


class PostgresqlStatements:
    """The head's row is the lock: who holds it writes, and all others wait in line."""

    _LOCK = f"{HEAD} FOR UPDATE"
    _FIND = """
        SELECT NULL::bigint, asked.stream, last.*
        FROM unnest(%s::text[]) AS asked (stream)
        CROSS JOIN LATERAL (
            SELECT position, originator_version, topic, digest FROM ledger_event
            WHERE originator_id = asked.stream ORDER BY originator_version DESC LIMIT 1) AS last
        UNION ALL
        SELECT asked.number - 1, NULL, position, originator_version, topic, state
        FROM unnest(%s::text[], %s::uuid[]) WITH ORDINALITY AS asked (stream, submission, number)
        JOIN ledger_event ON originator_id = asked.stream AND submission_id = asked.submission
    """
    _TYPES = "bigint text bigint text bytea bigint bigint bigint uuid text text bytea bytea"
    _INSERT = f"""
        WITH added AS (
            INSERT INTO ledger_event ({_COLUMNS})
            SELECT * FROM unnest({", ".join(f"%b::{type_}[]" for type_ in _TYPES.split())}))
        UPDATE ledger_head SET position = %s, catalog_version = %s, recorded_at_us = %s
    """  # noqa: S608  # constants

    def locked_head(self, connection: Connection) -> Head:
        return Head(*connection.exec_driver_sql(self._LOCK).one())

    def find(
        self, connection: Connection, streams: Collection[str], keys: Collection[Key]
    ) -> Found:
        asked = list(keys)
        parameters = (
            list(streams),
            list(map(itemgetter(0), asked)),
            list(map(itemgetter(1), asked)),
        )
        return _found(connection.exec_driver_sql(self._FIND, parameters), asked)

    def insert(self, connection: Connection, rows: Sequence[Row], head: Head) -> None:
        columns = tuple(map(list, zip(*rows, strict=True)))
        connection.exec_driver_sql(self._INSERT, (*columns, *head))


def statements_of(dialect: str) -> Statements:
    return SqliteStatements() if dialect == "sqlite" else PostgresqlStatements()

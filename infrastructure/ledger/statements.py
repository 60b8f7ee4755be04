"""The ledger's statements on SQLite and on PostgreSQL: few, and each for a whole batch.

Both ask for the last version of each stream by one seek per stream, so that an append costs the
same however long the stream is, and hand over a batch as one or two values, so that one prepared
statement serves every size. They go to the driver's own connection: SQLAlchemy costs a small append
more than they do.
"""

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar, cast

from domain.events import ActivityRetracted, ProgressReported, topics_of
from domain.thinning import Tick
from infrastructure.ledger.entries import Found, Head, Key, Row, StreamHead, Submitted
from infrastructure.ledger.last_said import LastSaid, Said
from infrastructure.ledger.mapper import decode

HEAD = "SELECT position, catalog_version, recorded_at_us FROM ledger_head"

_COLUMNS = (
    "position, originator_id, originator_version, topic, state, recorded_at_us, at_us,"
    ' catalog_version, submission_id, "user", item, salt, digest'
)

_TYPES = (
    *("bigint", "text", "bigint", "text", "bytea", "bigint", "bigint", "bigint", "text::uuid"),
    *("text", "text", "bytea", "bytea"),
)
_DUMPED = [{"bigint": "int8", "text::uuid": "bytea"}.get(type_, type_) for type_ in _TYPES]

_PROGRESS = frozenset(topics_of([ProgressReported]))

_FEW_MAX = 100
"""Above it a COPY is quicker, though it takes four round trips more."""


class Numbered(Protocol):
    """A batch that has its positions."""

    @property
    def rows(self) -> Sequence[Row]: ...

    @property
    def head(self) -> Head:
        """The head behind the rows."""


N = TypeVar("N", bound=Numbered)


class Statements(Protocol):
    """What an append asks of a database, on the driver's connection."""

    def hold(self, driver: Any) -> None:
        """Lets nobody else move the head before the transaction ends."""

    def look(
        self, driver: Any, streams: Collection[str], keys: Collection[Key]
    ) -> tuple[Head, Found]:
        """The head, where the streams end and what was recorded under the keys, at one time."""

    def insert(
        self,
        driver: Any,
        number: Callable[[], N],
        seen: Head,
        unseen: Collection[Key] = (),
    ) -> N | None:
        """Numbers a batch, adds its rows and moves the head; None if it did neither of these two.

        In the transaction at hand, or else in one of its own. The head must still be the one that
        was seen, and nothing may have been recorded under the `unseen` keys, which weren't looked
        up. If there are no rows at all, that is None, too.
        """

    def last_said(
        self, driver: Any, keys: Collection[tuple[str, str]], streams: Collection[str]
    ) -> tuple[Head, LastSaid]:
        """The head, the last that was said in each stream on its item, and what was taken back in
        the streams, at one time.
        """

    def newest(self, driver: Any, streams: Collection[str]) -> int:
        """The position of the newest event of these streams; 0 if they have none."""

    def has_settings_after(self, driver: Any, position: int) -> bool:
        """Whether there is anything but activity behind a position."""


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


def _heard(rows: Iterable[Sequence[Any]], keys: Sequence[tuple[str, str]]) -> tuple[Head, LastSaid]:
    """Of rows (number of the key, stream or both None, …), as `last_said` selects them."""
    said: dict[tuple[str, str], Said] = {}
    retracted: dict[str, set[str]] = {}
    head = Head(0, 0, 0)
    for number, stream, position, version, at_us, catalog_version, name, topic, state in rows:
        if number is not None:
            tick = None
            if topic in _PROGRESS:
                tick = Tick(cast("ProgressReported", decode(topic, state)), at_us, catalog_version)
            said[keys[number]] = Said(position, version, name, tick)
        elif stream is None:
            head = Head(position, version, at_us)
        elif isinstance(event := decode(topic, state), ActivityRetracted):
            retracted.setdefault(stream, set()).add(event.retracts.hex)
    return head, LastSaid(said, retracted)


def _newest(driver: Any, statement: str, streams: Collection[str]) -> int:
    [[position]] = driver.execute(statement, (json.dumps(list(streams)),)).fetchall()
    return position or 0


@contextmanager
def _sqlite_transaction(driver: Any) -> Iterator[None]:
    """The transaction at hand, or else one of its own."""
    if driver.in_transaction:
        yield
        return
    driver.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        driver.rollback()
        raise
    driver.commit()


class SqliteStatements:
    """Whoever moves the head from where it was seen has been alone; others look again.

    So an append whose streams' ends are remembered looks at nothing: if one of its keys was there
    already, the index of them says so.
    """

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
    _LAST_SAID = """
        SELECT NULL, NULL, position, catalog_version, recorded_at_us, NULL, NULL, NULL, NULL
        FROM ledger_head
        UNION ALL
        SELECT asked.key, NULL, position, originator_version, at_us, catalog_version,
            submission_id, topic, state
        FROM json_each(?) AS asked
        JOIN ledger_event ON originator_id = asked.value ->> 0 AND originator_version = (
            SELECT max(originator_version) FROM ledger_event INDEXED BY ledger_event_stream_item
            WHERE originator_id = asked.value ->> 0 AND item = asked.value ->> 1
            AND submission_id IS NOT NULL)
        UNION ALL
        SELECT NULL, originator_id, position, originator_version, at_us, catalog_version,
            submission_id, topic, state
        FROM json_each(?) AS asked
        CROSS JOIN ledger_event INDEXED BY ledger_event_stream_item
        ON originator_id = asked.value AND item IS NULL AND submission_id IS NOT NULL
    """
    _NEWEST = """
        SELECT max((SELECT position FROM ledger_event WHERE originator_id = asked.value
                    ORDER BY originator_version DESC LIMIT 1))
        FROM json_each(?) AS asked
    """
    _SETTINGS_AFTER = """
        SELECT 1 FROM ledger_event INDEXED BY ledger_event_settings
        WHERE submission_id IS NULL AND position > ? LIMIT 1
    """
    _INSERT = f"INSERT INTO ledger_event ({_COLUMNS}) VALUES ({', '.join('?' * 13)})"  # noqa: S608
    _MOVE = """
        UPDATE ledger_head SET position = ?, catalog_version = ?, recorded_at_us = ?
        WHERE position = ? AND recorded_at_us = ?
    """

    def hold(self, _driver: Any) -> None:
        """The transaction holds it from its begin."""

    def look(
        self, driver: Any, streams: Collection[str], keys: Collection[Key]
    ) -> tuple[Head, Found]:
        asked = list(keys)
        rows = driver.execute(self._LOOK, _as_json(streams, asked)).fetchall()
        return _seen(rows, asked)

    def last_said(
        self, driver: Any, keys: Collection[tuple[str, str]], streams: Collection[str]
    ) -> tuple[Head, LastSaid]:
        asked = list(keys)
        return _heard(driver.execute(self._LAST_SAID, _as_json(streams, asked)[::-1]), asked)

    def newest(self, driver: Any, streams: Collection[str]) -> int:
        return _newest(driver, self._NEWEST, streams)

    def has_settings_after(self, driver: Any, position: int) -> bool:
        return driver.execute(self._SETTINGS_AFTER, (position,)).fetchone() is not None

    def insert(
        self,
        driver: Any,
        number: Callable[[], N],
        seen: Head,
        unseen: Collection[Key] = (),
    ) -> N | None:
        numbered = number()
        if not numbered.rows:
            return None
        if len(unseen) > len(numbered.rows) and self._has_any(driver, unseen):
            return None  # the index finds those only that become rows
        try:
            with _sqlite_transaction(driver):
                move = (*numbered.head, seen.position, seen.recorded_at_us)
                if not driver.execute(self._MOVE, move).rowcount:
                    return None
                driver.executemany(self._INSERT, numbered.rows)
        except sqlite3.IntegrityError:
            if unseen:
                return None
            raise
        return numbered

    def _has_any(self, driver: Any, keys: Collection[Key]) -> bool:
        """Whether something was recorded under one of the keys.

        It may be before the transaction: that moves the head only if nothing came since.
        """
        _, found = self.look(driver, (), keys)
        return bool(found.submitted)


class PostgresqlStatements:
    """Whoever moves the head from where it was seen has been alone; others look again.

    So an append is one round trip where streams' ends are remembered, and two where they aren't,
    each its own transaction. Where several processes append at once, the loser holds the head's
    row while it looks again, and can't lose twice.

    What is asked for comes as JSON, and each look-up is lateral, so that one generic plan of index
    seeks fits a single event and a thousand, and a ledger that was empty when it was planned. LIMIT
    or OFFSET keeps them apart, or all of an index is joined to what is asked for; the order names
    the index.
    """

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
    _LAST_SAID = """
        SELECT NULL::bigint, NULL, position, catalog_version, recorded_at_us, NULL::bigint, NULL,
            NULL, NULL::bytea
        FROM ledger_head
        UNION ALL
        SELECT asked.number - 1, NULL, last.*
        FROM json_array_elements(%s::json) WITH ORDINALITY AS asked (key, number)
        CROSS JOIN LATERAL (
            SELECT position, originator_version, at_us, catalog_version,
                replace(submission_id::text, '-', ''), topic, state FROM ledger_event
            WHERE originator_id = asked.key ->> 0 AND item = asked.key ->> 1
            AND submission_id IS NOT NULL
            ORDER BY originator_version DESC LIMIT 1) AS last
        UNION ALL
        SELECT NULL, asked.stream, taken.*
        FROM json_array_elements_text(%s::json) AS asked (stream)
        CROSS JOIN LATERAL (
            SELECT position, originator_version, at_us, catalog_version, NULL, topic, state
            FROM ledger_event
            WHERE originator_id = asked.stream AND item IS NULL
            AND submission_id IS NOT NULL
            ORDER BY originator_version OFFSET 0) AS taken
    """
    _NEWEST = """
        SELECT max(last.position) FROM json_array_elements_text(%s::json) AS asked (stream)
        CROSS JOIN LATERAL (
            SELECT position FROM ledger_event WHERE originator_id = asked.stream
            ORDER BY originator_version DESC LIMIT 1) AS last
    """
    _SETTINGS_AFTER = """
        SELECT 1 FROM ledger_event WHERE submission_id IS NULL AND position > %s
        ORDER BY position LIMIT 1
    """
    _SET = "UPDATE ledger_head SET position = %s, catalog_version = %s, recorded_at_us = %s"
    _IF = """
        WHERE position = %s AND recorded_at_us = %s AND NOT EXISTS (
            SELECT FROM json_array_elements(%s::json) AS asked (key)
            CROSS JOIN LATERAL (
                SELECT FROM ledger_event WHERE originator_id = asked.key ->> 0
                AND submission_id = (asked.key ->> 1)::uuid LIMIT 1) AS first)
    """
    _MOVE = f"{_SET} {_IF}"
    _HOLD_IF = f"SELECT 1 FROM ledger_head {_IF} FOR UPDATE"  # noqa: S608
    _ONE = f"""
        WITH moved AS ({_MOVE} RETURNING 1)
        INSERT INTO ledger_event ({_COLUMNS})
        SELECT {", ".join(f"%b::{type_}" for type_ in _TYPES)} FROM moved
    """  # noqa: S608
    _FEW = f"""
        WITH moved AS ({_MOVE} RETURNING 1)
        INSERT INTO ledger_event ({_COLUMNS})
        SELECT added.*
        FROM unnest({", ".join("%b::" + type_.replace("::", "[]::") + "[]" for type_ in _TYPES)})
        AS added WHERE EXISTS (SELECT FROM moved)
    """  # noqa: S608
    _MANY = f"COPY ledger_event ({_COLUMNS}) FROM STDIN (FORMAT BINARY)"

    def hold(self, driver: Any) -> None:
        driver.execute(f"{HEAD} FOR UPDATE")

    def look(
        self, driver: Any, streams: Collection[str], keys: Collection[Key]
    ) -> tuple[Head, Found]:
        asked = list(keys)
        return _seen(driver.execute(self._LOOK, _as_json(streams, asked)), asked)

    def last_said(
        self, driver: Any, keys: Collection[tuple[str, str]], streams: Collection[str]
    ) -> tuple[Head, LastSaid]:
        asked = list(keys)
        return _heard(driver.execute(self._LAST_SAID, _as_json(streams, asked)[::-1]), asked)

    def newest(self, driver: Any, streams: Collection[str]) -> int:
        return _newest(driver, self._NEWEST, streams)

    def has_settings_after(self, driver: Any, position: int) -> bool:
        return driver.execute(self._SETTINGS_AFTER, (position,)).fetchone() is not None

    def insert(
        self,
        driver: Any,
        number: Callable[[], N],
        seen: Head,
        unseen: Collection[Key] = (),
    ) -> N | None:
        if len(unseen) > _FEW_MAX:
            return self._copy_rows(driver, number, seen, unseen)
        numbered = number()
        rows = numbered.rows
        if not rows:
            return None
        if len(rows) > _FEW_MAX:
            return self._copy_rows(driver, lambda: numbered, seen, unseen)
        move = (*numbered.head, *_condition(seen, unseen))
        if len(rows) == 1:
            done = driver.execute(self._ONE, (*move, *rows[0]))
        else:
            done = driver.execute(self._FEW, (*move, *map(list, zip(*rows, strict=True))))
        return numbered if done.rowcount else None

    def _copy_rows(
        self, driver: Any, number: Callable[[], N], seen: Head, unseen: Collection[Key]
    ) -> N | None:
        with driver.transaction():
            with driver.pipeline():  # The database looks for the keys while rows are made.
                held = driver.execute(self._HOLD_IF, _condition(seen, unseen))
                numbered = number()
            if held.fetchone() is None or not numbered.rows:
                return None
            with driver.cursor() as cursor, cursor.copy(self._MANY) as copy:
                copy.set_types(_DUMPED)
                for row in numbered.rows:
                    copy.write_row(_binary(row))
            driver.execute(self._SET, numbered.head)
        return numbered


def _condition(seen: Head, unseen: Collection[Key]) -> tuple[int, int, str]:
    return seen.position, seen.recorded_at_us, json.dumps(list(unseen))


def _binary(row: Row) -> tuple[Any, ...]:
    """The row with its submission id as the bytes that PostgreSQL keeps."""
    submission_id = row.submission_id
    return *row[:8], None if submission_id is None else bytes.fromhex(submission_id), *row[9:]


def statements_of(dialect: str) -> Statements:
    return SqliteStatements() if dialect == "sqlite" else PostgresqlStatements()

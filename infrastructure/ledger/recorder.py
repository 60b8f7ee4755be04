"""The ledger's recorder: the library's contract, and beside it the append that everybody uses.

`insert_events` takes versions, topics and bytes as they come, as the library's event store does;
`append` assigns versions, deduplicates and records for whom. Both number their events behind the
head that they saw, in the same code, and move it by compare-and-set; whoever loses that race looks
again with the head's row held, and can't lose twice.
"""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import urandom
from time import monotonic, time_ns
from typing import Any, Generic, TypeVar
from uuid import UUID

import eventsourcing.persistence as library
import psycopg
from eventsourcing.persistence import (
    ApplicationRecorder,
    Notification,
    StoredEvent,
    Subscription,
)
from sqlalchemy import Engine, Select, func, select
from sqlalchemy.exc import DBAPIError

from domain.events import Event
from infrastructure.database.engine import (
    driver_by_statement,
    driver_reading,
    driver_transaction,
    read_transaction,
)
from infrastructure.database.problems import DatabaseDamaged, DatabaseProblem
from infrastructure.ledger.digest import SALT_BYTES
from infrastructure.ledger.entries import (
    Answer,
    Append,
    Found,
    Head,
    Key,
    Repeatable,
    Row,
    StreamHead,
)
from infrastructure.ledger.last_said import Heard, LastSaidCache
from infrastructure.ledger.library import PollingSubscription
from infrastructure.ledger.mapper import VALIDATORS, decode
from infrastructure.ledger.numbering import Numbering, salts
from infrastructure.ledger.schema import ledger_event
from infrastructure.ledger.soundness import check_sound
from infrastructure.ledger.statements import statements_of
from infrastructure.ledger.stream_heads import StreamHeadCache

A = TypeVar("A")

_CHECK_EVERY_SECONDS = 2.0
"""A check takes one or two milliseconds."""

_SHARED = {cls.__name__: cls for cls in library.DatabaseError.__subclasses__()}
"""The library's errors, by the names that all drivers give theirs."""

_event = ledger_event.c
_STORED = (_event.originator_id, _event.originator_version, _event.topic, _event.state)


def now_us() -> int:
    """The clock of this machine, in microseconds since 1970."""
    return time_ns() // 1000


@dataclass(frozen=True, slots=True)
class _Numbered(Generic[A]):
    """A batch numbered behind the head that was seen: its rows, and what it answers."""

    answer: A
    seen: Head
    numbering: Numbering

    @property
    def rows(self) -> Sequence[Row]:
        return self.numbering.rows

    @property
    def head(self) -> Head:
        return self.numbering.head


class _Batch(Generic[A]):
    """What is to be recorded in one transaction, and how to number it."""

    def __init__(
        self,
        streams: set[str],
        keys: set[Key],
        count: int,
        number: Callable[[Numbering], A],
        repeatables: Sequence[tuple[str, Repeatable]] = (),
    ) -> None:
        self.streams, self.keys, self.repeatables = streams, keys, repeatables
        self._random, self._number = urandom(SALT_BYTES * count), number

    def numbered(self, head: Head, found: Found, now_us: int, heard: Heard | None) -> _Numbered[A]:
        """The batch numbered from here on, by what the ledger has of its streams and keys."""
        numbering = Numbering(head, found, now_us, salts(self._random), heard)
        return _Numbered(self._number(numbering), head, numbering)


class LedgerRecorder(ApplicationRecorder):
    """Records and selects events on an engine. Safe to use from many threads and processes."""

    def __init__(self, engine: Engine, clock_us: Callable[[], int] = now_us) -> None:
        self._engine = engine
        self._clock_us = clock_us
        self._statements = statements_of(engine.dialect.name)
        self._stream_heads = StreamHeadCache()
        self._last_said = LastSaidCache()
        self._check_at = 0.0

    def append(self, appends: Sequence[Append]) -> list[Answer]:
        """Records a batch in one transaction and answers each Append (rules 1 to 3).

        All of the batch is durable when this returns, or none of it was recorded. If the answer to
        the commit is lost, sending it again is harmless for what has submission ids. Raises
        DatabaseProblem.
        """
        streams, keys = _asked(appends)
        count = sum(len(append.entries) for append in appends)

        def number(numbering: Numbering) -> list[Answer]:
            return list(map(numbering.take, appends))

        try:
            return self._record(_Batch(streams, keys, count, number, _repeatables(appends)))
        except (sqlite3.IntegrityError, psycopg.IntegrityError) as error:
            # Positions and versions come from the ledger itself, so it contradicts itself.
            self._check_at = 0.0
            raise DatabaseDamaged(
                f"The ledger is damaged. Run `watchledger verify`. ({error})"
            ) from error

    def _record(self, batch: _Batch[A]) -> A:
        """Records a batch as one transaction, and gives what it answers."""
        with driver_by_statement(self._engine) as driver:
            self._check(driver)
            done = self._try_append_from_cache(driver, batch) or self._try_append(driver, batch)
        if done is None:
            with driver_transaction(self._engine) as driver:
                self._statements.hold(driver)
                done = self._try_append(driver, batch)
                if done is None:
                    self._check_at = 0.0
                    raise DatabaseDamaged(
                        "The ledger's head can't be moved. Run `watchledger verify`."
                    )
        self._stream_heads.learn(done.seen, done.head, done.numbering.streams)
        if done.numbering.heard is not None:
            self._last_said.learn(done.numbering.heard, done.numbering.streams)
        return done.answer

    def check(self) -> None:
        """Raises DatabaseDamaged, and other DatabaseProblems, where nothing can be recorded."""
        with driver_reading(self._engine) as driver:
            check_sound(driver, self._engine.dialect)

    def _check(self, driver: Any) -> None:
        """As `check`, but only now and then."""
        if monotonic() >= self._check_at:
            check_sound(driver, self._engine.dialect)
            self._check_at = monotonic() + _CHECK_EVERY_SECONDS

    def _try_append_from_cache(self, driver: Any, batch: _Batch[A]) -> _Numbered[A] | None:
        """A batch that got in without a look at its keys, and at the streams remembered."""
        head, streams = self._stream_heads.ends(batch.streams)
        if not streams:
            return None
        if missing := batch.streams - streams.keys():
            seen, found = self._statements.look(driver, missing, ())
            if seen != head:
                return None
            streams |= found.streams
        heard = self._heard(driver, batch, head, streams)
        if heard is None and batch.repeatables:
            return None
        now_us = self._clock_us()
        # Without a row nothing would hold against the database what was remembered.
        return self._statements.insert(
            driver,
            lambda: batch.numbered(head, Found(streams, {}), now_us, heard),
            head,
            batch.keys,
        )

    def _try_append(self, driver: Any, batch: _Batch[A]) -> _Numbered[A] | None:
        """A batch that got in after a look, which leaves nothing to insert if all was there."""
        head, found = self._statements.look(driver, batch.streams, batch.keys)
        heard = self._heard(driver, batch, head, found.streams)
        if heard is None and batch.repeatables:
            return None
        numbered = batch.numbered(head, found, self._clock_us(), heard)
        if not numbered.rows:
            return numbered
        return self._statements.insert(driver, lambda: numbered, head)

    def _heard(
        self, driver: Any, batch: _Batch[A], head: Head, ends: Mapping[str, StreamHead]
    ) -> Heard | None:
        """What was said last on what the batch may repeat; None if the head has moved, or nothing.

        Mostly it is remembered, since who reports a progress has reported the one before it.
        """
        if not batch.repeatables:
            return None
        streams = {stream for stream, _ in batch.repeatables}
        heard = self._last_said.heard(
            {stream: ends[stream].version if stream in ends else 0 for stream in streams}
        )
        keys, unheard = heard.unknown(batch.repeatables)
        if keys or unheard:
            seen, found = self._statements.last_said(driver, keys, unheard)
            if seen != head:
                return None
            heard.learn(keys, unheard, found)
        return heard

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Records events at the versions they bring and returns their positions.

        Raises the library's IntegrityError if a version is taken, OperationalError if the database
        can't be used.
        """
        streams = {str(stored.originator_id) for stored in stored_events}

        def number(numbering: Numbering) -> list[int]:
            return [
                numbering.put(
                    str(stored.originator_id),
                    stored.originator_version,
                    stored.topic,
                    stored.state,
                    _ours(stored),
                ).position
                for stored in stored_events
            ]

        with _library_errors():
            return self._record(_Batch(streams, set(), len(stored_events), number))

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> list[StoredEvent]:
        version = _event.originator_version
        query = select(*_STORED).where(_event.originator_id == str(originator_id)).limit(limit)
        query = query.order_by(version.desc() if desc else version)
        query = query if gt is None else query.where(version > gt)
        query = query if lte is None else query.where(version <= lte)
        return [StoredEvent(*row) for row in self._all(query)]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> list[Notification]:
        query = select(*_STORED, _event.position).order_by(_event.position).limit(limit)
        if start is not None:
            query = query.where(_event.position >= start + (not inclusive_of_start))
        query = query if stop is None else query.where(_event.position <= stop)
        query = query.where(_event.topic.in_(topics)) if topics else query
        return [Notification(*row) for row in self._all(query)]

    def max_notification_id(self) -> int | None:
        [[position]] = self._all(select(func.max(_event.position)))
        return None if position is None else int(position)

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        return PollingSubscription(self, gt, topics)

    def _all(self, query: Select[Any]) -> Sequence[Any]:
        with _library_errors(), read_transaction(self._engine) as connection:
            return connection.execute(query).all()


def _asked(appends: Sequence[Append]) -> tuple[set[str], set[Key]]:
    """The streams and submission keys that a batch is about."""
    streams: set[str] = set()
    keys: set[Key] = set()
    for append in appends:
        streams.update(append.expected_versions)
        for entry in append.entries:
            streams.add(entry.stream)
            if entry.submission_id is not None:
                keys.add((entry.stream, entry.submission_id.hex))
    return streams, keys


def _repeatables(appends: Sequence[Append]) -> list[tuple[str, Repeatable]]:
    """The streams of what may be a repetition, and what it is held against."""
    return [
        (entry.stream, entry.repeatable)
        for append in appends
        for entry in append.entries
        if entry.repeatable is not None
    ]


def _ours(stored: StoredEvent) -> Event | None:
    """The event, if it is one of the ledger's own: the library may store others."""
    return decode(stored.topic, stored.state) if stored.topic in VALIDATORS else None


@contextmanager
def _library_errors() -> Iterator[None]:
    """Raises the library's error of the same name for a driver's."""
    try:
        yield
    except DatabaseProblem as error:
        raise library.OperationalError(str(error)) from error
    except (DBAPIError, sqlite3.Error, psycopg.Error) as error:
        raise _in_the_library(error)(str(error)) from error


def _in_the_library(error: Exception) -> type[library.PersistenceError]:
    for cls in type(error).__mro__:  # drivers have finer classes below those that all share
        if cls.__name__ in _SHARED:
            return _SHARED[cls.__name__]
    return library.DatabaseError

"""The ledger's recorder: the library's contract, and beside it the append that everybody uses.

`insert_events` takes versions, topics and bytes as they come, as the library's event store does;
`append` assigns versions, deduplicates and records for whom. Both number their events under the
lock on the head, in the same code.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from os import urandom
from time import time_ns
from typing import Any
from uuid import UUID

import eventsourcing.persistence as library
from eventsourcing.persistence import (
    ApplicationRecorder,
    Notification,
    StoredEvent,
    Subscription,
)
from sqlalchemy import Connection, Engine, Select, func, select
from sqlalchemy.exc import DBAPIError

from domain.events import Event
from infrastructure.database import read_transaction, write_transaction
from infrastructure.ledger.digest import SALT_BYTES
from infrastructure.ledger.entries import Answer, Append, Found, Key
from infrastructure.ledger.intake import Intake, salts
from infrastructure.ledger.mapper import VALIDATORS, decode, encode
from infrastructure.ledger.schema import ledger_event
from infrastructure.ledger.statements import statements_of
from infrastructure.ledger.subscription import PollingSubscription
from infrastructure.problems import DatabaseProblem

_event = ledger_event.c
_STORED = (_event.originator_id, _event.originator_version, _event.topic, _event.state)


def now_us() -> int:
    """The clock of this machine, in microseconds since 1970."""
    return time_ns() // 1000


class LedgerRecorder(ApplicationRecorder):
    """Records and selects events on an engine. Safe to use from many threads and processes."""

    def __init__(self, engine: Engine, clock_us: Callable[[], int] = now_us) -> None:
        self._engine = engine
        self._clock_us = clock_us
        self._statements = statements_of(engine.dialect.name)

    def append(self, appends: Sequence[Append]) -> list[Answer]:
        """Records a batch in one transaction and answers each Append (rules 1 to 3).

        All of the batch is durable when this returns, or none of it was recorded. If the answer to
        the commit is lost, sending it again is harmless for what has submission ids. Raises
        DatabaseProblem.
        """
        encoded = [[encode(entry.event) for entry in append.entries] for append in appends]
        random = urandom(SALT_BYTES * sum(map(len, encoded)))
        with write_transaction(self._engine) as connection:
            intake = self._begin(connection, *_asked(appends), random)
            answers = list(map(intake.take, appends, encoded))
            self._finish(connection, intake)
        return answers

    def _begin(
        self, connection: Connection, streams: set[str], keys: set[Key], random: bytes
    ) -> Intake:
        head = self._statements.locked_head(connection)
        found = self._statements.find(connection, streams, keys) if streams else Found({}, {})
        return Intake(head, found, self._clock_us(), salts(random))

    def _finish(self, connection: Connection, intake: Intake) -> None:
        if intake.rows:
            self._statements.insert(connection, intake.rows, intake.head)

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Records events at the versions they bring and returns their positions.

        Raises the library's IntegrityError if a version is taken, OperationalError if the database
        can't be used.
        """
        streams = {str(stored.originator_id) for stored in stored_events}
        random = urandom(SALT_BYTES * len(stored_events))
        with _library_errors(), write_transaction(self._engine) as connection:
            intake = self._begin(connection, streams, set(), random)
            for stored in stored_events:
                intake.put(
                    str(stored.originator_id),
                    stored.originator_version,
                    stored.topic,
                    stored.state,
                    _ours(stored),
                )
            self._finish(connection, intake)
        return [row.position for row in intake.rows]

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
    entries = [entry for append in appends for entry in append.entries]
    streams = {entry.stream for entry in entries}
    streams.update(*(append.expected_versions for append in appends))
    keys = {
        (entry.stream, entry.submission_id) for entry in entries if entry.submission_id is not None
    }
    return streams, keys


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
    except DBAPIError as error:
        raise getattr(library, type(error).__name__, library.DatabaseError)(str(error)) from error

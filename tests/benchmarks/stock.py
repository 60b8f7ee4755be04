"""What the eventsourcing library brings itself: its application, its runner, one trivial view.

The same activity as plain events of the library's kind; its own recorders, mapper, subscription and
settings as they come (on SQLite WAL and `synchronous=FULL`); a view that counts events. On SQLite,
where the library has no subscription, ours polls in its place.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Any, ClassVar, Protocol

from eventsourcing.application import Application
from eventsourcing.persistence import (
    ApplicationRecorder,
    Subscription,
    Tracking,
    TrackingRecorder,
)
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.sqlite import SQLiteApplicationRecorder, SQLiteTrackingRecorder
from psycopg.sql import SQL

from domain.events import ACTIVITY
from infrastructure.ledger.entries import Entry
from infrastructure.ledger.library import PollingSubscription
from tests.benchmarks.databases import Database
from tests.benchmarks.filling import batches
from tests.benchmarks.harness import seconds

_TIMEOUT_SECONDS = 600.0
_PUT_AT_ONCE = 100
"""On PostgreSQL the library pipelines them all, and many more would fill the socket and hang."""


@dataclass(frozen=True)
class Reported:
    """An activity event as a user of the library would write it."""

    originator_id: str
    originator_version: int
    item: str
    occurred_at: datetime | None
    played_seconds: float | None
    duration_seconds: float | None


class PolledRecorder(SQLiteApplicationRecorder):
    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        return PollingSubscription(self, gt, topics)


class _View(Protocol):
    def count(self, tracking: Tracking) -> None: ...


class SqliteView(SQLiteTrackingRecorder):
    def construct_create_table_statements(self) -> list[str]:
        return [
            *super().construct_create_table_statements(),
            "CREATE TABLE IF NOT EXISTS counted (one INTEGER PRIMARY KEY, events INTEGER)",
            "INSERT INTO counted VALUES (1, 0)",
        ]

    def count(self, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute("UPDATE counted SET events = events + 1")


class PostgresqlView(PostgresTrackingRecorder):
    def __init__(self, datastore: Any, **kwargs: Any) -> None:
        super().__init__(datastore, **kwargs)
        self.sql_create_statements += [
            SQL("CREATE TABLE IF NOT EXISTS counted (one INT PRIMARY KEY, events INT)").format(),
            SQL("INSERT INTO counted VALUES (1, 0)").format(),
        ]

    def count(self, tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute("UPDATE counted SET events = events + 1", prepare=True)


class _Counting(Projection[Any]):
    last_position: ClassVar[int]
    done: ClassVar[Event]

    def process_event(self, domain_event: object, tracking: Tracking) -> None:  # noqa: ARG002
        view: _View = self.view
        view.count(tracking)
        if tracking.notification_id == self.last_position:
            self.done.set()


_VIEWS: dict[str, type[TrackingRecorder]] = {"sqlite": SqliteView, "postgresql": PostgresqlView}


def seconds_an_event(database: Database, entries: Sequence[Entry]) -> float:
    """How long the stock runner takes for an event, by the time that these take it to catch up."""
    settings = database.library_settings(database.new_url()) | {"ORIGINATOR_ID_TYPE": "text"}
    if database.name == "sqlite":
        settings["APPLICATION_RECORDER_TOPIC"] = f"{__name__}:PolledRecorder"
    with _application(settings) as application:
        for batch in batches(_reported(entries), _PUT_AT_ONCE):
            application.events.put(batch)
        positions = application.recorder.max_notification_id()
    assert positions == len(entries)
    _Counting.last_position, _Counting.done = positions, Event()
    return seconds(lambda: _run(settings, _VIEWS[database.name])) / len(entries)


def _application(settings: dict[str, str]) -> Application[str]:
    return Application[str](settings)


def _run(settings: dict[str, str], view: type[TrackingRecorder]) -> None:
    with ProjectionRunner(
        application_class=Application[str],
        projection_class=_Counting,
        view_class=view,
        env=settings,
    ):
        assert _Counting.done.wait(_TIMEOUT_SECONDS)


def _reported(entries: Iterable[Entry]) -> Iterator[Reported]:
    versions: dict[str, int] = {}
    for entry in entries:
        stream, event = entry.stream, entry.event
        assert isinstance(event, ACTIVITY)
        versions[stream] = version = versions.get(stream, 0) + 1
        facts = event.model_dump()
        yield Reported(
            stream,
            version,
            facts["item"],
            facts["occurred_at"],
            facts.get("played_seconds"),
            facts.get("duration_seconds"),
        )

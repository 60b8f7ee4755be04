"""Erasing a user: begun by a note, done in steps, finished at the next start if interrupted.

1. The note is recorded: who, and which streams. From here on it will be done.
2. Activity is emptied in short transactions, so that others can write meanwhile.
3. One transaction empties the rest, takes the name out of what is other people's, deletes the
   read models' rows, records the fact, moves the bookmark to it, and takes the name out of the
   note. Whoever has something in memory finds the bookmark moved by a fact that says: forget.
4. The database's files are written anew, and the note goes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from os import urandom
from typing import NamedTuple

import structlog
from sqlalchemy import Connection, Engine

from domain.directory import Directory
from domain.events import ERASURES_STREAM, UserErased, device_user_stream
from domain.policy import Policy
from domain.rejection import Refused, Rejection
from infrastructure.database.engine import read_transaction, write_transaction
from infrastructure.database.patience import unhurried
from infrastructure.database.problems import DatabaseProblem
from infrastructure.erasing import unfinished
from infrastructure.erasing.compaction import compact
from infrastructure.ledger.coverage import Coverage
from infrastructure.ledger.digest import SALT_BYTES
from infrastructure.ledger.directory import CurrentDirectory
from infrastructure.ledger.entries import Append, Entry
from infrastructure.ledger.erasing import (
    Erasure,
    early_activity,
    empty,
    empty_all,
    last_recorded_us,
    take_name_out,
)
from infrastructure.ledger.numbering import Numbering, salts
from infrastructure.ledger.reader import REPLAY_PAGE, read_changed_rows, read_settings
from infrastructure.ledger.recorder import now_us
from infrastructure.ledger.soundness import check_sound
from infrastructure.ledger.statements import statements_of
from infrastructure.projecting.page_processor import PageProcessor
from infrastructure.projecting.projector import Projector
from infrastructure.projecting.rebuilding.lock import RebuildRunning, rebuild_lock
from infrastructure.sources.deliveries import forget_deliveries
from infrastructure.trakt.tokens import forget_trakt
from projections import bookmark
from projections.bookmark import BookmarkState, RebuildDue
from projections.driver import driver_of
from projections.forgetting import Forgotten, forget
from projections.read_models import ReadModels

_log = structlog.get_logger()


class ErasedUser(NamedTuple):
    """How far the ledger has come, how many events were emptied, and what is left to be done.

    Without `is_compacted` bytes of them may still be in the database's files, until the next start.
    """

    position: int
    events: int
    is_compacted: bool


_ELSEWHERE = (
    "Backups, exports, copies and replicas that were made before still hold what was erased, and "
    "so do logs, the service's and a database server's: replace them."
)
_LATER = (
    "The database's files couldn't be written anew, because somebody reads or writes for long or "
    "the disk is full: bytes of what was erased may be in them. The next start tries again."
)


def notes_of(erased: ErasedUser) -> list[str]:
    """What the database's keeper has to know or see to afterwards, each in a sentence or two."""
    return [_ELSEWHERE] if erased.is_compacted else [_ELSEWHERE, _LATER]


class _Recorded(NamedTuple):
    position: int
    fact: UserErased


class Eraser:
    """Erases users, one at a time, from any thread of any process."""

    def __init__(
        self,
        engine: Engine,
        policy: Policy,
        directories: CurrentDirectory,
        clock_us: Callable[[], int] = now_us,
    ) -> None:
        self._engine = engine
        self._policy = policy
        self._directories = directories
        self._clock_us = clock_us
        self._statements = statements_of(engine.dialect.name)

    def erase(self, user: str) -> ErasedUser:
        """Erases a user. Raises Refused for an unknown one, or while something else is at work.

        Raises DatabaseProblem and RebuildDue, too; what was begun is finished at the next start.
        """
        with self._alone(), unhurried():
            self._check(user)
            recorded = self._finish_all()
            now = self._directories.latest()
            if now.knows_user(user):  # and what was interrupted wasn't this very erasure
                with write_transaction(self._engine) as connection:
                    unfinished.begin(connection, user, now.streams(user))
                recorded = self._finish_all()
            if recorded is None:
                raise AssertionError("an erasure was begun and nothing was recorded")
            return ErasedUser(recorded.position, recorded.fact.events, self._is_finished())

    def finish(self) -> None:
        """Goes on with what was interrupted; what stands in the way is logged, and waits."""
        if self._is_finished():
            return
        try:
            with self._alone(), unhurried():
                self._finish_all()
        except (DatabaseProblem, RebuildDue, Refused) as problem:
            _log.warning("an erasure couldn't be finished", problem=str(problem))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """No rebuild copies meanwhile what is being erased, and no other erasure runs."""
        try:
            with rebuild_lock(self._engine):
                yield
        except RebuildRunning:
            reason = "A rebuild or another erasure is at work. Wait until it has ended."
            raise Refused(Rejection("rebuild_running", reason)) from None

    def _check(self, user: str) -> None:
        if not self._directories.latest().knows_user(user):
            raise Refused(Rejection("unknown_user", f"There is no user {user}."))
        self._catch_up()

    def _is_finished(self) -> bool:
        with read_transaction(self._engine) as connection:
            return not unfinished.unfinished(connection)

    def _finish_all(self) -> _Recorded | None:
        """Goes on with all that was begun; answers what the last of them recorded."""
        recorded = None
        with read_transaction(self._engine) as connection:
            found = unfinished.unfinished(connection)
        for _, erasure in found:
            if erasure is not None:
                recorded = self._empty(erasure)
        if found:
            self._compact([each.id for each in found])
        return recorded

    def _compact(self, erasures: list[str]) -> None:
        try:
            compact(self._engine)
        except DatabaseProblem as problem:
            # All is gone but for bytes in the files; these are seen to at the next start.
            _log.warning("the database's files couldn't be compacted", problem=str(problem))
            return
        with write_transaction(self._engine) as connection:
            for erasure in erasures:
                unfinished.finish(connection, erasure)

    def _empty(self, erasure: Erasure) -> _Recorded:
        self._catch_up()
        emptied = 1
        while emptied:
            with write_transaction(self._engine) as connection:
                emptied = empty(connection, erasure, early_activity(connection, erasure))
        with write_transaction(self._engine) as connection:
            recorded = self._conclude(connection, erasure)
        self._directories.latest()  # which forgets whom the ledger doesn't know any more
        return recorded

    def _catch_up(self) -> None:
        Projector(
            self._engine, self._policy, page_size=REPLAY_PAGE, directories=self._directories
        ).catch_up()

    def _conclude(self, connection: Connection, erasure: Erasure) -> _Recorded:
        """The last step in the ledger and the read models, all or nothing."""
        self._statements.hold(driver_of(connection))
        check_sound(driver_of(connection), connection.dialect)
        place = self._caught_up(connection)
        before = self._directories.as_of(place.settings_position, lambda: connection)
        erasure = replace(
            erasure, streams=tuple(sorted({*erasure.streams, *before.streams(erasure.user)}))
        )
        empty_all(connection, erasure)
        take_name_out(connection, erasure, before)
        recorded = self._record(connection, erasure)
        after = _directory(connection, recorded.position)
        forget(connection, _forgotten(connection, erasure, before, after), after)
        forget_deliveries(connection, erasure.user, before)
        forget_trakt(connection, erasure.user, before)
        moved = replace(
            place,
            position=recorded.position,
            settings_position=recorded.position,
            generation=place.generation + 1,
        )
        if not bookmark.advance(connection, place, moved):
            raise AssertionError("the bookmark moved while the ledger was held")
        unfinished.forget_name(connection, erasure)
        return recorded

    def _caught_up(self, connection: Connection) -> BookmarkState:
        """The read models' place at the ledger's end, which nobody moves meanwhile."""
        processor = PageProcessor(
            ReadModels(), self._policy, self._directories, page_size=REPLAY_PAGE
        )
        while True:
            place = bookmark.read_bookmark(connection)
            if place is None:
                bookmark.begin(connection, self._policy)
                continue
            folded = processor.fold_page(connection, place)
            if folded is None:
                return place
            processor.write_page(connection, folded)  # or another worker was quicker

    def _record(self, connection: Connection, erasure: Erasure) -> _Recorded:
        driver = driver_of(connection)
        covered, emptied = _coverage(connection, erasure)
        fact = UserErased(events=emptied, covers=covered.covered())
        seen, found = self._statements.look(driver, {ERASURES_STREAM}, ())
        numbering = Numbering(seen, found, self._clock_us(), salts(urandom(SALT_BYTES)))
        numbering.take(Append([Entry(ERASURES_STREAM, fact)]))
        if self._statements.insert(driver, lambda: numbering, seen) is None:
            raise AssertionError("the head moved while it was held")
        return _Recorded(numbering.head.position, fact)


def _coverage(connection: Connection, erasure: Erasure) -> tuple[Coverage, int]:
    """All that erasures have changed by now, and how many events this one has emptied."""
    coverage, emptied, position = Coverage(), 0, 0
    names = {erasure.name_of(stream) for stream in erasure.streams}
    while rows := read_changed_rows(connection, position, REPLAY_PAGE):
        for row in rows:
            coverage.take(row)
            emptied += row.stream in names
        position = rows[-1].position
    return coverage, emptied


def _directory(connection: Connection, position: int) -> Directory:
    directory = Directory()
    for recorded in read_settings(connection, 0, position):
        directory.evolve(recorded)
    return directory


def _forgotten(
    connection: Connection, erasure: Erasure, before: Directory, after: Directory
) -> Forgotten:
    cduids = [each for each in before.device_users if device_user_stream(each) in erasure.streams]
    devices = {before.device_users[cduid].device for cduid in cduids}
    others: dict[str, list[str]] = {device: [] for device in devices & after.devices.keys()}
    for cduid, known in after.device_users.items():
        if known.device in others:
            others[known.device].append(device_user_stream(cduid))
    seen_us = {device: last_recorded_us(connection, each) for device, each in others.items()}
    return Forgotten(erasure.user, tuple(cduids), tuple(sorted(devices)), seen_us)

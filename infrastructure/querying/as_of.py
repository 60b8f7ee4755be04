"""Looking back: a viewer's answers as the ledger would have given them earlier (rule 22).

What the viewer's user said is folded anew up to then, by the fold that live projection runs.
Facts and catalog are as of then; modes, access and thresholds as they are now. What was folded is
kept for a while, by user, so that looking back again, or a little later, goes on from there.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from heapq import merge
from itertools import islice
from threading import Lock
from typing import Protocol

from sqlalchemy import Connection

from domain.directory import Directory
from domain.events import Recorded, device_user_stream
from domain.fold import Fold
from domain.policy import Policy
from domain.state.tables import Tables
from domain.viewer import Viewer
from infrastructure.ledger.past_catalogs import PastCatalogs
from infrastructure.ledger.reader import (
    REPLAY_PAGE,
    catalog_version,
    read_activity,
    read_catalog,
    recorded_at_us,
)
from infrastructure.ledger.reports import LedgerReports
from projections.bookmark import BookmarkState

_VALUES_MAX = 400_000
"""How many values are kept of all users together."""

_STATES_MAX = 200

_STAGE_EVENTS = 2 * REPLAY_PAGE
"""After so many what was folded is kept on the way, for whoever looks back further."""


class Effort(Protocol):
    """What may be spent on looking back."""

    def spent(self) -> AbstractContextManager[None]:
        """Around all that is folded; may refuse it."""

    def go_on(self) -> None:
        """Before each page: raises if nobody waits for the answer any more."""


class Unbounded:
    """For whoever has a process of their own."""

    def spent(self) -> AbstractContextManager[None]:
        return nullcontext()

    def go_on(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class PastState:
    """All that a user said up to a position, folded; it mustn't be changed.

    `groups` are those that it was rolled up for, if it `is_rolled_up` yet, `versions` say how far
    each stream was read.
    """

    user: str
    groups: dict[str, tuple[str, ...]]
    position: int
    catalog_version: int
    versions: dict[str, int] = field(default_factory=dict)
    tables: Tables = field(default_factory=Tables)
    values: int = 0
    is_rolled_up: bool = True


class PastStates:
    """The states that were lately looked back to, for any number of threads.

    Those of another generation of the read models go: thresholds may have changed, and users been
    erased.
    """

    def __init__(self) -> None:
        self._kept: list[PastState] = []  # what was used last is last
        self._generation = 0
        self._lock = Lock()

    def drop_older(self, generation: int) -> None:
        """Let go of what was folded before the read models were made anew."""
        with self._lock:
            if generation > self._generation:
                self._generation = generation
                self._kept.clear()

    def nearest(self, wanted: PastState) -> PastState:
        """The state to go on from: `wanted` itself, one before it, or the one before all."""
        with self._lock:
            upto = (
                each
                for each in self._kept
                if (each.user, each.groups) == (wanted.user, wanted.groups)
                and each.position <= wanted.position
            )
            found = max(upto, key=lambda each: (each.position, each.is_rolled_up), default=None)
            if found is None:
                return PastState(wanted.user, wanted.groups, 0, wanted.catalog_version)
            self._kept.remove(found)
            self._kept.append(found)
            return found

    def keep(self, state: PastState, generation: int) -> None:
        with self._lock:
            if generation != self._generation:
                return
            self._kept.append(state)
            while (
                len(self._kept) > _STATES_MAX
                or sum(each.values for each in self._kept) > _VALUES_MAX
            ):
                self._kept.pop(0)


class LookingBack:
    """Makes viewers as of earlier positions."""

    def __init__(self) -> None:
        self._catalogs = PastCatalogs()
        self._states = PastStates()

    def drop_older(self, generation: int) -> None:
        self._states.drop_older(generation)

    def viewer(
        self,
        connection: Connection,
        now: Directory,
        place: BookmarkState,
        cduid: str,
        position: int,
        effort: Effort,
    ) -> Viewer:
        """A viewer as of a position, no later than `now`, by the policy of `place`.

        Raises KeyError for an unregistered cduid.
        """
        user = now.device_users[cduid].user
        version = catalog_version(connection, position) if position else 0
        moment_us = recorded_at_us(connection, position) if position else 0
        wanted = PastState(user, now.groups(user), position, version)
        found = self._states.nearest(wanted)
        is_there = found.position == position and found.is_rolled_up
        with nullcontext() if is_there else effort.spent():
            catalog = self._catalogs.at(connection, version, now.catalog, effort.go_on)
            way = _Way(connection, now, place.policy, self._catalogs, effort)
            for state in way.states(found, wanted):
                self._states.keep(state, place.generation)
                found = state
        return Viewer(now.with_catalog(catalog), found.tables, cduid, moment_us)


class _Way:
    """From one state of a user to a later one.

    The catalog goes ahead of what was said: that is judged by the version that it was said at, and
    a catalog that has gone on tells all of them.
    """

    def __init__(
        self,
        connection: Connection,
        now: Directory,
        policy: Policy,
        catalogs: PastCatalogs,
        effort: Effort,
    ) -> None:
        self._connection = connection
        self._now = now
        self._policy = policy
        self._catalogs = catalogs
        self._effort = effort

    def states(self, known: PastState, wanted: PastState) -> Iterator[PastState]:
        """The states on the way, whose rows nobody asked for, and the one at its end."""
        said = self._said(known, wanted)
        fold: Fold | None = None
        while known.position < wanted.position or not known.is_rolled_up:
            stage = list(islice(said, _STAGE_EVENTS))
            end = wanted
            if len(stage) == _STAGE_EVENTS:
                last = stage[-1]
                end = replace(
                    wanted,
                    position=last.position,
                    catalog_version=last.catalog_version,
                    is_rolled_up=False,
                )
            fold = fold or self._fold(known, end)
            self._go_on(fold, stage, end)
            tables = fold.tables.fork()
            versions = known.versions | {each.stream: each.version for each in stage}
            known = replace(end, versions=versions, tables=tables, values=tables.size())
            yield known

    def _said(self, known: PastState, wanted: PastState) -> Iterator[Recorded]:
        """What was said between two states, by position."""
        streams = map(device_user_stream, self._now.cduids(wanted.user))
        said = (
            read_activity(self._connection, stream, wanted.position, known.versions.get(stream, 0))
            for stream in streams
        )
        for number, recorded in enumerate(merge(*said, key=lambda each: each.position)):
            if number % REPLAY_PAGE == 0:
                self._effort.go_on()
            yield recorded

    def _fold(self, known: PastState, end: PastState) -> Fold:
        """A fold that goes on from a state, or where there is none yet with the catalog ahead."""
        version = known.catalog_version if known.position else end.catalog_version
        catalog = self._catalogs.at(
            self._connection, version, self._now.catalog, self._effort.go_on
        )
        return Fold(
            self._now.with_catalog(self._catalogs.fork(catalog)),
            self._policy,
            LedgerReports(lambda: self._connection),
            known.tables.fork(),
            derives_late=True,
            adds_time=False,
            spoken=() if known.is_rolled_up else self._now.cduids(known.user),
        )

    def _go_on(self, fold: Fold, stage: list[Recorded], end: PastState) -> None:
        version = fold.directory.catalog.version
        for page in read_catalog(self._connection, version, end.catalog_version):
            self._effort.go_on()
            fold.take(page)
        for start in range(0, len(stage), REPLAY_PAGE):
            self._effort.go_on()
            fold.take(stage[start : start + REPLAY_PAGE])
        if end.is_rolled_up:
            fold.settle()
        else:
            fold.settle_registers()
            fold.counted.clear()

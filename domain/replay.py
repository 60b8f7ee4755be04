"""Replay: what one cduid said about one work, heard anew in rule 2's order.

This is the pure function of which registers are a cache. It is asked where something came late or
was retracted, and to say why.
"""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple, Protocol
from uuid import UUID

from domain.catalog import Catalog
from domain.claims import MARKS, Claim, claim, container_mark
from domain.events import SPOKEN, ItemUnwatched, ItemWatched, Recorded, Spoken
from domain.items import is_watchable
from domain.plays import Completion
from domain.policy import Policy
from domain.registers import Registers, is_about
from domain.state.tables import Mark, Tables

_BEFORE_ALL, _AFTER_ALL = (-(2**62), 0), (2**62, 0)


class Reports(Protocol):
    """Finds again what was said, up to a position; in any order."""

    def on(self, cduid: str, items: Collection[str], upto: int) -> list[Recorded]:
        """All activity of a cduid on some items."""

    def under_id(self, cduid: str, submission_id: UUID, upto: int) -> list[Recorded]:
        """The activity that a cduid sent under an id, if there is any yet."""

    def speakers(self, items: Collection[str], upto: int) -> set[str]:
        """The cduids that said anything on any of some items."""


class Heard(NamedTuple):
    """A report of a work and what it came to.

    `claim` is what it says of the item it is on, None for a mark on a container; `mark` what it has
    to say on whether the work is watched, None if nothing: an idle mark, a progress that isn't
    complete. `completion` is there if it is one.
    """

    recorded: Recorded
    claim: Claim | None
    mark: Mark | None
    completion: Completion | None

    @property
    def is_idle(self) -> bool:
        """Whether it is a mark that said nothing new (rule 9)."""
        return self.claim is not None and self.claim.says in MARKS and self.mark is None


class Replayed(NamedTuple):
    """The registers of one work's items by what was heard, and what each report came to."""

    tables: Tables
    heard: list[Heard]


def order(recorded: Recorded) -> tuple[int, int]:
    """Rule 2: the greatest is the newest."""
    return recorded.at_us, recorded.position


def unretracted(said: Iterable[Recorded], retractions: Mapping[str, object]) -> list[Recorded]:
    """What wasn't taken back, in rule 2's order; retractions are by the ids that they name."""
    kept = (each for each in said if hex_of(each) not in retractions)
    return sorted(kept, key=order)


def hex_of(recorded: Recorded) -> str:
    """An activity's submission id in digits."""
    return "" if recorded.submission_id is None else recorded.submission_id.hex


def sources(catalog: Catalog, leaf: str) -> set[str]:
    """The items on which something may be said about a work: its own, and containers above."""
    work = catalog.work(leaf)
    return {*work, *(container for item in work for container in catalog.spans(item))}


class Said:
    """What a cduid said, in rule 2's order, found by the items that it was said on."""

    def __init__(self, in_order: Iterable[Recorded]) -> None:
        self._on: dict[str, list[Recorded]] = {}
        for recorded in in_order:
            item = getattr(recorded.event, "item", None)
            if item is not None:
                self._on.setdefault(item, []).append(recorded)

    def about(self, catalog: Catalog, leaf: str) -> list[Recorded]:
        """All that the registers of a work come from: each report on it, and of the marks on
        containers between two of them the newest that is about it, since the others decide nothing.
        """
        work = catalog.work(leaf)
        reports = sorted((each for item in work for each in self._on.get(item, ())), key=order)
        above = [self._on[item] for item in sources(catalog, leaf) - {*work} if item in self._on]
        if not above:
            return reports
        found: list[Recorded] = []
        after = _BEFORE_ALL
        for report in (*reports, None):
            until = _AFTER_ALL if report is None else order(report)
            between = (self._newest_about(catalog, work, each, after, until) for each in above)
            if mark := max(filter(None, between), key=order, default=None):
                found.append(mark)
            if report is not None:
                found.append(report)
            after = until
        return found

    @staticmethod
    def _newest_about(
        catalog: Catalog,
        work: tuple[str, ...],
        marks: list[Recorded],
        after: tuple[int, int],
        until: tuple[int, int],
    ) -> Recorded | None:
        for index in range(bisect_left(marks, until, key=order) - 1, -1, -1):
            recorded = marks[index]
            if order(recorded) <= after:
                return None
            event = recorded.event
            if isinstance(event, ItemWatched | ItemUnwatched):
                said = container_mark(catalog, recorded, event)
                if said is not None and is_about(catalog, work, event.item, said):
                    return recorded
        return None


def replay(
    policy: Policy, catalog: Catalog, cduid: str, leaf: str, said: Iterable[Recorded]
) -> Replayed:
    """Hear what a cduid said about the work of `leaf`, in order and without what was retracted.

    What is about other works is passed over.
    """
    hearing = _Hearing(policy, catalog, cduid, leaf)
    for recorded in said:
        event = recorded.event
        if isinstance(event, SPOKEN) and event.item in hearing.work:
            hearing.on_leaf(recorded, event)
        elif isinstance(event, ItemWatched | ItemUnwatched) and not is_watchable(event.item):
            hearing.on_container(recorded, event)
    return Replayed(hearing.tables, hearing.heard)


class _Hearing:
    """Hears reports of one work in order; `before` is what the last of them left it."""

    def __init__(self, policy: Policy, catalog: Catalog, cduid: str, leaf: str) -> None:
        self.work = catalog.work(leaf)
        self.tables = Tables()
        self.heard: list[Heard] = []
        self._policy, self._catalog, self._cduid = policy, catalog, cduid
        self._registers = Registers(self.tables)
        self._before: Mark | None = None

    def on_leaf(self, recorded: Recorded, event: Spoken) -> None:
        said = claim(self._policy, self._catalog, recorded, event)
        before = self._before
        found = self._registers.hear(self._catalog, self._cduid, event.item, said, before)
        mark = said.mark if said.says in MARKS and not said.is_idle(before) else None
        self.heard.append(Heard(recorded, said, mark, found))
        self._before = mark or before

    def on_container(self, recorded: Recorded, event: ItemWatched | ItemUnwatched) -> None:
        said = container_mark(self._catalog, recorded, event)
        if said is None or not is_about(self._catalog, self.work, event.item, said):
            return
        self._registers.end(self._catalog, self._cduid, self.work[0], said.mark)
        self.heard.append(Heard(recorded, None, said.mark, None))
        self._before = said.mark

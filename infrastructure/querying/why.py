"""Why an item is watched or isn't, in progress or not, and what comes next (rule 21).

Answered from the ledger: what every device user of the group said about the item is heard again.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile

from sqlalchemy import Connection

from domain.claims import Says
from domain.events import Recorded
from domain.items import Kind, is_watchable, kind_of
from domain.next_up import show, show_of
from domain.plays import Verdict
from domain.policy import Policy
from domain.replay import Heard, order, replay, sources, unretracted
from domain.viewer import Moment, Viewer
from infrastructure.ledger.reader import read
from infrastructure.ledger.reports import LedgerReports
from infrastructure.querying.history import is_allowed


@dataclass(frozen=True, slots=True)
class JudgedEvent:
    """A completion, and whether it opened a play or why it continues one (rule 13)."""

    event: Recorded
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Anchor:
    """The episode that a show's next one follows, and the event that decides about it."""

    item: str
    event: Recorded | None


@dataclass(frozen=True, slots=True)
class Reasons:
    """What a viewer is told of an item; an event on what rule 15 withholds is in none of it.

    `decider` decides whether a watchable item is watched, `overruled` are the other marks, newest
    first. It is in progress by `in_progress`, or what was started last was ended by `ended_by`.
    `completions` are newest first. `missing` are a container's leaves that aren't watched, in
    catalog order. `restart` and `dismissal` had a say in what comes next, `anchor` is the show's.
    """

    decider: Recorded | None
    overruled: list[Recorded]
    in_progress: Recorded | None
    ended_by: Recorded | None
    completions: list[JudgedEvent]
    missing: list[str]
    anchor: Anchor | None
    restart: Recorded | None
    dismissal: Recorded | None


class Why:
    """Asks a viewer's reasons, as of a position; lists hold at most `limit`."""

    def __init__(
        self, connection: Connection, viewer: Viewer, policy: Policy, upto: int, limit: int
    ) -> None:
        self._connection = connection
        self._viewer = viewer
        self._policy = policy
        self._upto = upto
        self._limit = limit
        self._is_allowed = is_allowed(viewer)

    def of(self, item: str) -> Reasons:
        """The reasons for what is answered about an item that the viewer sees."""
        heard = self._heard(item) if is_watchable(item) else []
        by_position = {each.recorded.position: each.recorded for each in heard}
        marks = [each.recorded for each in heard if each.mark is not None]
        told = [each for each in marks if self._is_allowed(each)]
        decider = marks[0] if told[:1] == marks[:1] and marks else None
        overruled = [each for each in told if each is not decider]
        started = self._viewer.in_progress(item) if is_watchable(item) else None
        return Reasons(
            decider=decider,
            overruled=overruled[: self._limit],
            in_progress=self._told(by_position, started and started.progress.position),
            ended_by=self._ended_by(heard) if started is None else None,
            completions=list(self._completions(item, by_position))[: self._limit],
            missing=self._missing(item),
            anchor=self._anchor(item),
            restart=self._restart(item),
            dismissal=self._dismissal(item),
        )

    def _heard(self, leaf: str) -> list[Heard]:
        """What the group said about a work, newest first."""
        viewer, reports = self._viewer, LedgerReports(lambda: self._connection, self._upto)
        asked, found = sources(viewer.catalog, leaf), list[Heard]()
        for cduid in viewer.cduids:
            retractions = viewer.tables.retractions.all_of(cduid)
            said = unretracted(reports.on(cduid, asked, self._upto), retractions)
            found += replay(self._policy, viewer.catalog, cduid, leaf, said).heard
        return sorted(found, key=lambda each: order(each.recorded), reverse=True)

    def _told(self, by_position: dict[int, Recorded], position: int | None) -> Recorded | None:
        recorded = by_position.get(position) if position is not None else None
        return recorded if recorded is not None and self._is_allowed(recorded) else None

    def _ended_by(self, heard: list[Heard]) -> Recorded | None:
        """What came first after what was started last."""
        since = takewhile(lambda each: not _is_started(each), heard)
        marks = [each.recorded for each in since if each.mark is not None]
        is_over = marks and any(map(_is_started, heard)) and self._is_allowed(marks[-1])
        return marks[-1] if is_over else None

    def _completions(self, item: str, by_position: dict[int, Recorded]) -> Iterator[JudgedEvent]:
        if not is_watchable(item):
            return
        self._viewer.prefetch_completions([item])
        for (completion, *_), verdict in reversed(self._viewer.judged(item)):
            event = self._told(by_position, completion.position)
            if event is not None:
                yield JudgedEvent(event, verdict)

    def _missing(self, item: str) -> list[str]:
        viewer = self._viewer
        if is_watchable(item):
            return []
        viewer.prefetch_rows([item])
        missing = (leaf for leaf in viewer.leaves(item) if not viewer.is_watched(leaf))
        return sorted(missing, key=viewer.catalog.order)[: self._limit]

    def _anchor(self, item: str) -> Anchor | None:
        name = show_of(self._viewer, item)
        found = show(self._viewer, name).anchor if name is not None else None
        return None if found is None else Anchor(found[1], self._at(found[0]))

    def _restart(self, item: str) -> Recorded | None:
        if kind_of(item) is Kind.SHOW:
            found = show(self._viewer, item).restart
            return None if found is None else self._at(found.moment)
        restarts = self._viewer.restarts()
        over = self._over(item)
        return self._at(
            max((restarts[each][:2] for each in over if each in restarts), default=None)
        )

    def _dismissal(self, item: str) -> Recorded | None:
        dismissed = self._viewer.dismissed()
        over = self._over(item)
        return self._at(max((dismissed[each] for each in over if each in dismissed), default=None))

    def _over(self, item: str) -> Iterable[str]:
        """The items of a work, and all above any of them."""
        catalog = self._viewer.catalog
        for each in catalog.work(item):
            yield each
            yield from (container for container, _ in catalog.above(each))

    def _at(self, moment: Moment | None) -> Recorded | None:
        """The event at a place in rule 2's order, if the viewer may know of it."""
        if moment is None:
            return None
        [recorded] = read(self._connection, moment[1] - 1, 1)
        return recorded if self._is_allowed(recorded) else None


def _is_started(heard: Heard) -> bool:
    return heard.claim is not None and heard.claim.says is Says.STARTED

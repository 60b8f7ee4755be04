"""Who says what about what: thresholds, marks, works, retractions (rules 7 to 12, 23 to 26, 30)."""

from collections.abc import Iterable
from functools import cached_property

from domain.events import (
    ACTIVITY,
    SPOKEN,
    ActivityRetracted,
    ItemUnwatched,
    ItemWatched,
    ProgressReported,
    Recorded,
)
from domain.items import is_watchable
from tests.reference.facts import NO_LIMITS, Facts, item_of, order
from tests.reference.times import gives_time, is_undated

MARKS = frozenset({"watch", "unwatch", "complete"})
WATCHED = frozenset({"watch", "complete"})

Said = dict[str, list[Recorded]]
"""For each watchable item what was said about it, newest first."""


class Speech(Facts):
    # Retraction (rule 23).

    @cached_property
    def _retractions(self) -> dict[tuple[str, object], Recorded]:
        """For each (stream, submission id) that is named, the retraction that came first."""
        found: dict[tuple[str, object], Recorded] = {}
        for r in self.log:
            if isinstance(r.event, ActivityRetracted):
                found.setdefault((r.stream, r.event.retracts), r)
        return found

    def retraction(self, recorded: Recorded) -> Recorded | None:
        """What takes an event back, if anything does. Nothing takes a retraction back."""
        if isinstance(recorded.event, ActivityRetracted):
            return None
        return self._retractions.get((recorded.stream, recorded.submission_id))

    @cached_property
    def said(self) -> list[Recorded]:
        """All activity that stands, newest first."""
        stands = (r for r in self.log if isinstance(r.event, ACTIVITY) and not self.retraction(r))
        return sorted(stands, key=order, reverse=True)

    # What a progress comes to (rules 8 and 26).

    def duration_seconds(self, recorded: Recorded) -> float | None:
        """The duration that was sent, unless the catalog of then knows it to be far longer."""
        sent: float | None = getattr(recorded.event, "duration_seconds", None)
        known = self.catalog_at(recorded.catalog_version).runtime_seconds(item_of(recorded) or "")
        return known if sent is None or (known is not None and known > 2 * sent) else sent

    def played_seconds(self, recorded: Recorded) -> float | None:
        event, duration_seconds = recorded.event, self.duration_seconds(recorded)
        assert isinstance(event, ProgressReported)
        if event.share is None:
            return event.played_seconds
        return None if duration_seconds is None else event.share * duration_seconds

    def share(self, recorded: Recorded) -> float | None:
        """How far it was played: the share that was sent, or what the seconds come to."""
        event, duration_seconds = recorded.event, self.duration_seconds(recorded)
        assert isinstance(event, ProgressReported)
        if event.share is not None or event.played_seconds is None or duration_seconds is None:
            return event.share
        return event.played_seconds / duration_seconds

    def claim(self, recorded: Recorded) -> str | None:
        """What an event says of an item: watch, unwatch, complete, started, or nothing (rule 8)."""
        match recorded.event:
            case ItemWatched():
                return "watch"
            case ItemUnwatched():
                return "unwatch"
            case ProgressReported() if not self.is_tracked(recorded):
                return None
            case ProgressReported() if self._is_complete(recorded):
                return "complete"
            case ProgressReported() if self._is_started(recorded):
                return "started"
            case _:
                return None

    def is_tracked(self, recorded: Recorded) -> bool:
        """Whether a progress counts: that of live television doesn't (rule 8)."""
        catalog = self.catalog_at(recorded.catalog_version)
        return catalog.tracks_progress(item_of(recorded) or "")

    def _is_complete(self, recorded: Recorded) -> bool:
        share = self.share(recorded)
        played, duration = self.played_seconds(recorded), self.duration_seconds(recorded)
        if share is None or share < self.high:
            return False
        return played is None or duration is None or duration - played <= self.rest_seconds

    def _is_started(self, recorded: Recorded) -> bool:
        share, played_seconds = self.share(recorded), self.played_seconds(recorded)
        if share is not None and share >= self.low:
            return True
        return played_seconds is not None and played_seconds >= self.head_seconds

    def is_below_high(self, recorded: Recorded) -> bool:
        """Whether it is a progress by which somebody is at the item, and not in its credits."""
        if not isinstance(recorded.event, ProgressReported) or not self.is_tracked(recorded):
            return False
        share = self.share(recorded)
        return share is None or share < self.high

    # What an event speaks about (rules 7, 24 and 30).

    def meant_version(self, recorded: Recorded) -> int:
        """The catalog version that an event on a container means."""
        by_then = (
            c.version
            for c in self.told_catalog
            if c.recorded_at_us <= recorded.at_us and c.version <= recorded.catalog_version
        )
        meant = max(by_then, default=0)
        known = item_of(recorded) in self.catalog_at(meant).items
        return meant if known else recorded.catalog_version

    def about(self, recorded: Recorded) -> list[str]:
        """The watchable items that a watch, unwatch or progress speaks about, whole works."""
        item = item_of(recorded)
        if item is None or not isinstance(recorded.event, SPOKEN):
            return []
        named = [item] if is_watchable(item) else self._meant(recorded, item)
        works = (self.catalog.work(leaf) for leaf in named)
        return sorted({twin for work in works for twin in work})

    def _meant(self, recorded: Recorded, container: str) -> list[str]:
        catalog = self.catalog_at(self.meant_version(recorded))
        until_us = recorded.recorded_at_us if is_undated(recorded.event) else recorded.at_us
        released = ((leaf, catalog.released_us(leaf)) for leaf in catalog.leaves(container))
        return [leaf for leaf, out_us in released if out_us is None or out_us <= until_us]

    @cached_property
    def _heard(self) -> dict[str, Said]:
        """By cduid, all that was said, however little."""
        heard: dict[str, Said] = {}
        for recorded in self.said:
            for leaf in self.about(recorded):
                heard.setdefault(recorded.cduid or "", {}).setdefault(leaf, []).append(recorded)
        return heard

    def heard(self, cduids: Iterable[str], leaf: str) -> list[Recorded]:
        """Every watch, unwatch and progress about an item, barely begun and idle ones too."""
        found = (r for cduid in cduids for r in self._heard.get(cduid, {}).get(leaf, []))
        return sorted(found, key=order, reverse=True)

    def is_idle(self, recorded: Recorded) -> bool:
        """Rule 9: marking again what the same device user has left watched is nothing new."""
        event, item, cduid = recorded.event, item_of(recorded), recorded.cduid
        if not isinstance(event, ItemWatched) or item is None or not is_watchable(item):
            return False
        if gives_time(event) or cduid is None:
            return False
        before = (r for r in self.heard({cduid}, item) if order(r) < order(recorded))
        return next((c for r in before if (c := self.claim(r)) in MARKS), None) in WATCHED

    @cached_property
    def _spoken_by(self) -> dict[frozenset[str], Said]:
        return {}

    @cached_property
    def _decisive(self) -> dict[int, str]:
        """By position, what each event claims that decides anything."""
        claims = ((r, self.claim(r)) for r in self.said)
        return {r.position: claim for r, claim in claims if claim and not self.is_idle(r)}

    def spoken(self, cduids: frozenset[str]) -> Said:
        """What some device users said that decides anything: neither barely begun nor idle."""
        if cduids not in self._spoken_by:
            leaves = sorted({leaf for cduid in cduids for leaf in self._heard.get(cduid, {})})
            said = {leaf: self.heard(cduids, leaf) for leaf in leaves}
            told = {
                leaf: [r for r in rs if r.position in self._decisive] for leaf, rs in said.items()
            }
            self._spoken_by[cduids] = {leaf: rs for leaf, rs in told.items() if rs}
        return self._spoken_by[cduids]

    # Watched and in progress (rules 10 and 12): over any set of device users.

    def marks(self, cduids: frozenset[str], leaf: str) -> list[Recorded]:
        """What rule 10 looks at, newest first."""
        said = self.spoken(cduids).get(leaf, [])
        return [r for r in said if self._decisive[r.position] in MARKS]

    def is_watched(self, cduids: frozenset[str], leaf: str) -> bool:
        """Rule 10."""
        newest = self.marks(cduids, leaf)[:1]
        return any(self._decisive[r.position] in WATCHED for r in newest)

    def progress(self, cduids: frozenset[str], leaf: str) -> Recorded | None:
        """The started progress that rule 12 is about, if the item is in progress."""
        newest = self.spoken(cduids).get(leaf, [])[:1]
        return next((r for r in newest if self._decisive[r.position] == "started"), None)

    # What a viewer sees (rules 5, 15 and 30).

    def is_to_come(self, cduid: str, leaf: str) -> bool:
        """Not yet out at the moment asked about, and nobody of the group has spoken of it."""
        released_us = self.catalog.released_us(leaf)
        if released_us is None or released_us <= self.moment_us:
            return False
        return not self.heard(self.group(cduid), leaf)

    def might_see(self, cduid: str, leaf: str) -> bool:
        """Whether a viewer would see a watchable item if all that is to come were out."""
        return self.catalog.present(leaf) and self.permits(self.users[cduid], leaf)

    @cached_property
    def _seen(self) -> dict[tuple[str, str], bool]:
        return {}

    def sees(self, cduid: str, item: str) -> bool:
        """Without limits an empty container shows, too."""
        if (cduid, item) not in self._seen:
            self._seen[cduid, item] = self._sees(cduid, item)
        return self._seen[cduid, item]

    def _sees(self, cduid: str, item: str) -> bool:
        if is_watchable(item):
            return self.might_see(cduid, item) and not self.is_to_come(cduid, item)
        if not self.catalog.present(item) or self.access(self.users[cduid]) == NO_LIMITS:
            return self.catalog.present(item)
        return any(self.sees(cduid, leaf) for leaf in self.catalog.leaves(item))

    def seen_of(self, cduid: str, leaf: str) -> list[str]:
        """Those of an item's work that a viewer sees, in catalog order."""
        seen = (twin for twin in self.catalog.work(leaf) if self.sees(cduid, twin))
        return self.catalog.in_order(seen)

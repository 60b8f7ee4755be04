"""What a ledger says, by brute force: who sees whom, what may be seen, who said what.

It keeps no registers and no rows. Each question is answered from the whole log, so that a reader
can hold each method against its rule; what is remembered are only answers that the log fixes.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import assert_never

from domain.events import (
    ACTIVITY,
    CATALOG_STREAM,
    AccessChanged,
    DeviceUserRegistered,
    IsolationMode,
    IsolationModeChanged,
    ItemUnwatched,
    ItemWatched,
    ProgressReported,
    Recorded,
    user_stream,
)
from domain.instants import from_us
from domain.items import is_watchable
from tests.reference.catalog import Catalog

PLAY_SECONDS = 1800
"""The running time of what doesn't say its own (rule 13)."""

SEES_OTHERS = (IsolationMode.QUIET, IsolationMode.LOUD)
SHOWS_ITSELF = (IsolationMode.LOUD, IsolationMode.SHOUT)
NO_LIMITS = AccessChanged()


def order(recorded: Recorded) -> tuple[int, int]:
    """Rule 2: greatest is newest."""
    return recorded.at_us, recorded.position


def item_of(recorded: Recorded) -> str | None:
    item: str | None = getattr(recorded.event, "item", None)
    return item


class Facts:
    """`log` is a whole ledger in order of position; the thresholds are rule 8's."""

    def __init__(self, log: Iterable[Recorded], low: float = 0.05, high: float = 0.90) -> None:
        self.log = tuple(log)
        self.low = low
        self.high = high
        self._catalogs: dict[int, Catalog] = {}
        self._groups: dict[str, frozenset[str]] = {}
        self._spoken: dict[frozenset[str], dict[str, list[Recorded]]] = {}
        versions = (r.version for r in self.log if r.stream == CATALOG_STREAM)
        self.catalog = self.catalog_at(max(versions, default=0))
        self.users = {
            r.stream.removeprefix("cduid:"): r.event.user
            for r in self.log
            if isinstance(r.event, DeviceUserRegistered)
        }
        """Whose each cduid is."""

    def catalog_at(self, version: int) -> Catalog:
        if version not in self._catalogs:
            self._catalogs[version] = Catalog(self.log, version)
        return self._catalogs[version]

    # Devices, groups and access.

    def mode(self, cduid: str) -> IsolationMode:
        said = (r.event for r in self.log if r.cduid == cduid)
        settings = (DeviceUserRegistered, IsolationModeChanged)
        return [event.isolation_mode for event in said if isinstance(event, settings)][-1]

    def group(self, cduid: str) -> frozenset[str]:
        """Whose activity a viewer sees ("What a viewer sees")."""
        if cduid not in self._groups:
            others = (c for c, user in self.users.items() if user == self.users[cduid])
            shown = {c for c in others if self.mode(c) in SHOWS_ITSELF}
            seen = shown if self.mode(cduid) in SEES_OTHERS else set()
            self._groups[cduid] = frozenset({cduid, *seen})
        return self._groups[cduid]

    def access(self, user: str) -> AccessChanged:
        stream = user_stream(user)
        said = (r.event for r in self.log if r.stream == stream)
        return [NO_LIMITS, *(event for event in said if isinstance(event, AccessChanged))][-1]

    def permits(self, user: str, item: str) -> bool:
        """Whether rule 15 lets a user know of an item, hidden or not."""
        limits = self.access(user)
        if limits == NO_LIMITS:
            return True
        if item not in self.catalog.items:
            return False
        if not is_watchable(item):
            return any(self.permits(user, leaf) for leaf in self.catalog.leaves(item))
        path, tags = self.catalog.path(item), self.catalog.tags(item)
        return (
            (limits.allowed_shelves is None or not set(path).isdisjoint(limits.allowed_shelves))
            and (limits.allowed_tags is None or not tags.isdisjoint(limits.allowed_tags))
            and tags.isdisjoint(limits.denied_tags)
        )

    def visible(self, user: str, item: str) -> bool:
        """Rules 5 and 15. Without limits an empty container shows, too."""
        if not self.catalog.present(item):
            return False
        if is_watchable(item) or self.access(user) == NO_LIMITS:
            return self.permits(user, item)
        return any(self.visible(user, leaf) for leaf in self.catalog.leaves(item))

    def sees(self, cduid: str, item: str) -> bool:
        return self.visible(self.users[cduid], item)

    # Who says what about what.

    def claim(self, recorded: Recorded) -> str | None:
        """What an event says of an item: watch, unwatch, complete, started, or nothing (rule 8)."""
        event = recorded.event
        if not isinstance(event, ACTIVITY):
            return None
        match event:
            case ItemWatched():
                return "watch"
            case ItemUnwatched():
                return "unwatch"
            case ProgressReported(item=item, played_seconds=played, duration_seconds=duration):
                tracked = self.catalog_at(recorded.catalog_version).tracks_progress(item)
                if not tracked or played / duration < self.low:
                    return None
                return "complete" if played / duration >= self.high else "started"
            case _:
                assert_never(event)

    def about(self, recorded: Recorded) -> list[str]:
        """The watchable items that an event speaks about (rules 7 and 8)."""
        item = item_of(recorded)
        if item is None or self.claim(recorded) is None:
            return []
        return self.catalog_at(recorded.catalog_version).leaves(item)

    def spoken(self, cduids: frozenset[str]) -> dict[str, list[Recorded]]:
        """For each watchable item all that some device users said about it, newest first."""
        if cduids not in self._spoken:
            said: dict[str, list[Recorded]] = {}
            for recorded in sorted(self.log, key=order, reverse=True):
                if recorded.cduid in cduids:
                    for leaf in self.about(recorded):
                        said.setdefault(leaf, []).append(recorded)
            self._spoken[cduids] = said
        return self._spoken[cduids]

    # Watched, in progress, plays: over any set of device users.

    def marks(self, cduids: frozenset[str], leaf: str) -> list[Recorded]:
        """What rule 10 looks at, newest first."""
        said = self.spoken(cduids).get(leaf, [])
        return [r for r in said if self.claim(r) in {"watch", "unwatch", "complete"}]

    def is_watched(self, cduids: frozenset[str], leaf: str) -> bool:
        """Rule 10."""
        return [self.claim(r) for r in self.marks(cduids, leaf)[:1]] in (["watch"], ["complete"])

    def progress(self, cduids: frozenset[str], leaf: str) -> Recorded | None:
        """The started progress that rule 12 is about, if the item is in progress."""
        newest = self.spoken(cduids).get(leaf, [])[:1]
        return next((r for r in newest if self.claim(r) == "started"), None)

    def openings(self, cduids: frozenset[str], leaf: str) -> list[Recorded]:
        """The completions that opened a play, oldest first (rule 13)."""
        opened: list[Recorded] = []
        last_at: datetime | None = None
        for r in self.completions(cduids, leaf):
            own = getattr(r.event, "duration_seconds", None)
            runtime_seconds = own or self.catalog.runtime_seconds(leaf) or PLAY_SECONDS
            running = max(timedelta(seconds=runtime_seconds), timedelta.resolution)
            if last_at is None or from_us(r.at_us) - last_at >= running:
                opened.append(r)
            last_at = from_us(r.at_us)
        return opened

    def completions(self, cduids: frozenset[str], leaf: str) -> list[Recorded]:
        said = reversed(self.spoken(cduids).get(leaf, []))
        return [r for r in said if item_of(r) == leaf and self.claim(r) in {"watch", "complete"}]

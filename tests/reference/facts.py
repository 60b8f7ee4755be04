"""What a ledger holds, by brute force: the catalog at every version, who sees whom, who may what.

It keeps no registers and no rows. Each question is answered from the whole log, so that a reader
can hold each method against its rule; what is remembered are only answers that the log fixes. The
modules beside it go on from here: `speech`, `plays`, `suggestions`, and `model` on top.
"""

from collections.abc import Iterable

from domain.events import (
    CATALOG_STREAM,
    AccessChanged,
    DeviceUserReassigned,
    DeviceUserRegistered,
    IsolationMode,
    IsolationModeChanged,
    Recorded,
    device_user_stream,
    user_stream,
)
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
    """`log` is a whole ledger in order of position; the thresholds are rule 8's.

    `moment_us` is the moment that is asked about (rule 30); unless told, when the log ends.
    """

    def __init__(
        self,
        log: Iterable[Recorded],
        low: float = 0.05,
        high: float = 0.90,
        head_seconds: float = 300,
        rest_seconds: float = 900,
        moment_us: int | None = None,
    ) -> None:
        self.log = tuple(log)
        self.low, self.high = low, high
        self.head_seconds, self.rest_seconds = head_seconds, rest_seconds
        ended_us = self.log[-1].recorded_at_us if self.log else 0
        self.moment_us = ended_us if moment_us is None else moment_us
        self._catalogs: dict[int, Catalog] = {}
        self._groups: dict[str, frozenset[str]] = {}
        self._access: dict[str, AccessChanged] = {}
        self.told_catalog = [r for r in self.log if r.stream == CATALOG_STREAM]
        self.catalog = self.catalog_at(max((r.version for r in self.told_catalog), default=0))
        self.users = {
            r.stream.removeprefix("cduid:"): r.event.user
            for r in self.log
            if isinstance(r.event, DeviceUserRegistered | DeviceUserReassigned)
        }
        """Whose each cduid is now (rule 33)."""

    def catalog_at(self, version: int) -> Catalog:
        if version not in self._catalogs:
            self._catalogs[version] = Catalog(self.told_catalog, version)
        return self._catalogs[version]

    # Devices, groups and access.

    def streams(self, user: str) -> tuple[str, ...]:
        """All that is a user's, as of now (rule 33)."""
        owned = (device_user_stream(c) for c, owner in self.users.items() if owner == user)
        return user_stream(user), *owned

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
        if user not in self._access:
            stream = user_stream(user)
            said = (r.event for r in self.log if r.stream == stream)
            limits = [NO_LIMITS, *(event for event in said if isinstance(event, AccessChanged))]
            self._access[user] = limits[-1]
        return self._access[user]

    def permits(self, user: str, item: str) -> bool:
        """Whether rule 15 lets a user know of an item, hidden or not."""
        limits = self.access(user)
        if limits == NO_LIMITS:
            return True
        if item not in self.catalog.items:
            return False
        if not is_watchable(item):
            return any(self.permits(user, leaf) for leaf in self.catalog.leaves(item))
        path = self.catalog.path(item)
        tags = {tag.casefold() for tag in self.catalog.tags(item)}
        return (
            (limits.allowed_shelves is None or not set(path).isdisjoint(limits.allowed_shelves))
            and (limits.allowed_tags is None or not tags.isdisjoint(_folded(limits.allowed_tags)))
            and tags.isdisjoint(_folded(limits.denied_tags))
        )


def _folded(tags: Iterable[str]) -> set[str]:
    """Tags compare without regard to case (rule 15)."""
    return {tag.casefold() for tag in tags}

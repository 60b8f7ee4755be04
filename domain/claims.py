"""Claims: what an activity event says of its item, or of what is under it (rules 7 to 9 and 26)."""

from enum import Enum, auto
from typing import NamedTuple

from domain.catalog import Catalog
from domain.events import (
    ItemUnwatched,
    ItemWatched,
    ProgressReported,
    Recorded,
    Spoken,
    gives_time,
    is_undated,
)
from domain.policy import Policy
from domain.state.tables import ContainerMark, Mark


class Says(Enum):
    """What is said of a watchable item."""

    WATCH = auto()
    UNWATCH = auto()
    COMPLETE = auto()
    STARTED = auto()
    BARELY_BEGUN = auto()


class Claim(NamedTuple):
    """What an event says of the watchable item that it is on. Compares by rule 2's order.

    `is_below`: a progress below `high`. Seconds and share are a progress's; of a watch, the
    duration is the one that was sent.
    """

    at_us: int
    position: int
    catalog_version: int
    says: Says
    gives_time: bool
    is_below: bool
    played_seconds: float | None = None
    duration_seconds: float | None = None
    share: float | None = None

    @property
    def mark(self) -> Mark:
        """What a watch, an unwatch or a complete progress says."""
        watched = self.says is not Says.UNWATCH
        return Mark(self.at_us, self.position, self.catalog_version, watched)

    def is_idle(self, before: Mark | None) -> bool:
        """Whether it is a mark that says nothing new, if `before` is what the same cduid's word
        before it left (rule 9).
        """
        return (
            self.says is Says.WATCH
            and not self.gives_time
            and before is not None
            and before.watched
        )


MARKS = frozenset({Says.WATCH, Says.UNWATCH, Says.COMPLETE})
"""What decides whether an item is watched (rule 10)."""


def claim(policy: Policy, catalog: Catalog, recorded: Recorded, event: Spoken) -> Claim:
    """What an event on a watchable item says of it.

    `event` is that of `recorded`. `catalog` is as of the event or later.
    """
    if isinstance(event, ProgressReported):
        return _claim_of_progress(policy, catalog, recorded, event)
    says = Says.WATCH if isinstance(event, ItemWatched) else Says.UNWATCH
    return Claim(
        recorded.at_us,
        recorded.position,
        recorded.catalog_version,
        says,
        gives_time(event),
        is_below=False,
        duration_seconds=_duration(event, catalog, recorded.catalog_version),
    )


def _claim_of_progress(
    policy: Policy, catalog: Catalog, recorded: Recorded, event: ProgressReported
) -> Claim:
    if not catalog.tracks_progress(event.item, recorded.catalog_version):
        return _untracked(recorded)
    played, duration, share = measured(event, catalog, recorded.catalog_version)
    if policy.is_complete(share, played, duration):
        says = Says.COMPLETE
    elif policy.is_started(share, played):
        says = Says.STARTED
    else:
        says = Says.BARELY_BEGUN
    return Claim(
        recorded.at_us,
        recorded.position,
        recorded.catalog_version,
        says,
        True,  # gives_time
        share is None or share < policy.high,
        played,
        duration,
        share,
    )


def _untracked(recorded: Recorded) -> Claim:
    """What is said of live television: that it was on, as if it had barely begun (rule 8)."""
    return Claim(
        recorded.at_us,
        recorded.position,
        recorded.catalog_version,
        Says.BARELY_BEGUN,
        gives_time=True,
        is_below=False,
    )


def measured(
    event: ProgressReported, catalog: Catalog, version: int
) -> tuple[float | None, float | None, float | None]:
    """Played and running time in seconds, and their share, by what was sent and by the catalog as
    of the version that the event records (rules 8 and 26).
    """
    played, share, duration = event.played_seconds, event.share, _duration(event, catalog, version)
    if share is not None:
        return None if duration is None else share * duration, duration, share
    if played is None or duration is None:
        return played, duration, None
    return played, duration, played / duration


def _duration(event: Spoken, catalog: Catalog, version: int) -> float | None:
    """How long the item runs: as was sent, unless the catalog says more than twice as much."""
    sent: float | None = getattr(event, "duration_seconds", None)
    known = catalog.runtime_seconds(event.item, version)
    return known if sent is None or (known is not None and known > 2 * sent) else sent


def container_mark(
    catalog: Catalog, recorded: Recorded, event: ItemWatched | ItemUnwatched
) -> ContainerMark | None:
    """What a watch or an unwatch on a container says; None of one that the catalog didn't know."""
    node = catalog.nodes.get(event.item)
    if node is None or node.first_version > recorded.catalog_version:
        return None
    meant = catalog.meant_version(event.item, recorded.at_us, recorded.catalog_version)
    cut_us = recorded.recorded_at_us if is_undated(event) else recorded.at_us
    watched = isinstance(event, ItemWatched)
    return ContainerMark(Mark(recorded.at_us, recorded.position, meant, watched), cut_us)

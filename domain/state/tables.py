"""The fold's tables: the values that it keeps, and by what they are kept."""

from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, NamedTuple

from domain.plays import Completion
from domain.state.cached_table import CachedTable
from domain.watch_time import Playhead


class Mark(NamedTuple):
    """Someone said watched or unwatched. Compares by rule 2's order.

    `catalog_version` is the one recorded with it, or of a mark on a container the one it means.
    """

    at_us: int
    position: int
    catalog_version: int
    watched: bool


class ContainerMark(NamedTuple):
    """A mark on a container; it doesn't speak about what comes out after `cut_us` (rule 30)."""

    mark: Mark
    cut_us: int


class ContainerRegister(NamedTuple):
    """What a cduid said on a container: the marks that still count, in rule 2's order.

    `first_version` is the least catalog version that any mark on it records.
    """

    first_version: int
    marks: tuple[ContainerMark, ...]


class Watermark(NamedTuple):
    """How far a watch group has come with a container; both are catalog versions.

    `first_version`: when the group first said anything of what stands under it. `through`: the
    greatest version such that every leaf that has stood there since then or longer is watched.
    """

    first_version: int
    through: int


class Progress(NamedTuple):
    """A started progress (rule 8). Compares by rule 2's order.

    Seconds are there where they were sent or follow, `share` where the duration is known.
    """

    at_us: int
    position: int
    played_seconds: float | None
    duration_seconds: float | None
    share: float | None


class Landmark(NamedTuple):
    """How far what a cduid reported of an item is settled. Compares by rule 2's order.

    `at_us` and `position` are those of its newest watch, complete progress or barely begun one:
    what lies before it may change what that came to. `is_below`: a progress below `high` was
    reported since the newest completion of the item's work (rule 13). `first_version` is the least
    catalog version that any progress or watch of it records.
    """

    at_us: int
    position: int
    is_below: bool
    first_version: int


class Dismissal(NamedTuple):
    """A `dismiss`, or a `recall`, which takes it back (rule 27). Compares by rule 2's order."""

    at_us: int
    position: int
    is_dismissed: bool


class Restart(NamedTuple):
    """A `restart` (rule 28). Compares by rule 2's order."""

    at_us: int
    position: int


@dataclass(slots=True)
class Tables:
    """Registers by (cduid, item), the roll-up by (watch group, item), and a few by-ways.

    `progress` holds what a cduid has started and not ended itself since, `completions` are in
    rule 2's order, `watch_counts` is rule 13 over the one cduid alone, `watched` the catalog
    versions of the roll-up's rows. `retractions` are positions by (cduid, id that is retracted),
    `playheads` the newest progress with seconds of a cduid on an item.
    `unplaced` says by (item, cduid) who spoke about an item that the catalog didn't know.
    """

    marks: CachedTable[Mark] = field(default_factory=CachedTable)
    containers: CachedTable[ContainerRegister] = field(default_factory=CachedTable)
    progress: CachedTable[Progress] = field(default_factory=CachedTable)
    landmarks: CachedTable[Landmark] = field(default_factory=CachedTable)
    completions: CachedTable[tuple[Completion, ...]] = field(default_factory=CachedTable)
    watch_counts: CachedTable[int] = field(default_factory=CachedTable)
    dismissals: CachedTable[Dismissal] = field(default_factory=CachedTable)
    restarts: CachedTable[Restart] = field(default_factory=CachedTable)
    retractions: CachedTable[int] = field(default_factory=CachedTable)
    watermarks: CachedTable[Watermark] = field(default_factory=CachedTable)
    watched: CachedTable[int] = field(default_factory=CachedTable)
    playheads: CachedTable[Playhead] = field(default_factory=CachedTable)
    unplaced: CachedTable[bool] = field(default_factory=CachedTable)

    def size(self) -> int:
        """How many values were loaded into memory."""
        return sum(table.size for table in self._all())

    def fork(self) -> "Tables":
        """Tables that have what is in memory here; from here on each go their own way."""
        return Tables(*(table.fork() for table in self._all()))

    def evict(self) -> None:
        """Let go of all that is stored anyway."""
        for table in self._all():
            table.evict()

    def _all(self) -> tuple[CachedTable[Any], ...]:
        found: tuple[CachedTable[Any], ...] = _EACH(self)
        return found


_EACH = attrgetter(*(each.name for each in fields(Tables)))
"""Found once, as every read asks for the size."""

"""The fold's tables: the values that it keeps, and by what they are kept."""

from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from domain.plays import Completion
from domain.state.cached_table import CachedTable


class Mark(NamedTuple):
    """Someone said watched or unwatched. Compares by rule 2's order."""

    at_us: int
    position: int
    catalog_version: int
    watched: bool


class Progress(NamedTuple):
    """A started progress (rule 8). Compares by rule 2's order."""

    at_us: int
    position: int
    played_seconds: float
    duration_seconds: float


class ContainerRegister(NamedTuple):
    """What a cduid said on a container, and since when it said anything at, above or below it.

    `first_version` is the catalog version of the first such event. `marks` are the marks on the
    container itself that still count, in order of version.
    """

    first_version: int
    marks: tuple[Mark, ...] = ()


class Watermark(NamedTuple):
    """How far a watch group has come with a container; both are catalog versions.

    `first_version`: when the group first said anything at, above or below it. `through`: the
    greatest version such that every leaf that has stood there since then or longer is watched.
    """

    first_version: int
    through: int


@dataclass(slots=True)
class Tables:
    """Registers by (cduid, item), the roll-up by (watch group, item), and a few by-ways.

    `progress` holds what a cduid has started and not finished itself since, `completions` are in
    rule 2's order, `watch_counts` is rule 13 over the one cduid alone, `watched` the catalog
    versions of the roll-up's rows. `unplaced` says by (item, cduid) who spoke about an item that
    the catalog didn't know.
    """

    marks: CachedTable[Mark] = field(default_factory=CachedTable)
    containers: CachedTable[ContainerRegister] = field(default_factory=CachedTable)
    progress: CachedTable[Progress] = field(default_factory=CachedTable)
    completions: CachedTable[tuple[Completion, ...]] = field(default_factory=CachedTable)
    watch_counts: CachedTable[int] = field(default_factory=CachedTable)
    watermarks: CachedTable[Watermark] = field(default_factory=CachedTable)
    watched: CachedTable[int] = field(default_factory=CachedTable)
    unplaced: CachedTable[bool] = field(default_factory=CachedTable)

    def size(self) -> int:
        """How many values were loaded into memory."""
        return sum(table.size for table in self._all())

    def evict(self) -> None:
        """Let go of all that is stored anyway."""
        for table in self._all():
            table.evict()

    def _all(self) -> list[CachedTable[Any]]:
        return [getattr(self, each.name) for each in fields(self)]

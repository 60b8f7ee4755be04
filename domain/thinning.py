"""Thinning: which progress tells nothing new, so that it needn't be recorded (rule 32)."""

from dataclasses import dataclass
from typing import NamedTuple

from domain.catalog import Catalog
from domain.claims import measured
from domain.events import ProgressReported, at_us
from domain.plays import RUNTIME_DEFAULT_SECONDS
from domain.policy import Policy
from domain.replay import sources

_CLOCK_PRECISION_SECONDS = 2.0
"""As much may a player's clock and its place in the film go apart between two reports."""


class Tick(NamedTuple):
    """A progress as it is recorded, or would be."""

    event: ProgressReported
    at_us: int
    catalog_version: int


class _Measured(NamedTuple):
    """How far a progress is, and on which side of each threshold."""

    played_seconds: float | None
    duration_seconds: float | None
    share: float | None
    sides: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Thinning:
    """`every_seconds` of playing are recorded at the least."""

    policy: Policy
    every_seconds: float

    def is_repeated(
        self,
        catalog: Catalog,
        event: ProgressReported,
        recorded_at_us: int,
        catalog_version: int,
        before: Tick,
    ) -> bool:
        """Whether a progress, if it were recorded now, would say nothing that `before` doesn't, the
        last one recorded, if nothing was said about the item since.
        """
        earlier = before.event
        if event.state is not earlier.state:
            return False
        if self._is_far(event.played_seconds, earlier.played_seconds):
            return False
        tick = Tick(event, at_us(event, recorded_at_us), catalog_version)
        return self._tells_nothing(catalog, tick, before)

    def _tells_nothing(self, catalog: Catalog, tick: Tick, before: Tick) -> bool:
        elapsed_seconds = (tick.at_us - before.at_us) / 1_000_000
        now, then = self._measured(catalog, tick), self._measured(catalog, before)
        if now.sides != then.sides or elapsed_seconds < 0:
            return False
        if _is_same_second(now, then):
            return not self._is_complete(now) or elapsed_seconds < _running_seconds(
                catalog, tick.event.item, now
            )
        return self._is_played_on(now, then, elapsed_seconds)

    def _is_far(self, played_seconds: float | None, before_seconds: float | None) -> bool:
        """Whether seconds that were sent tell enough: mostly they do, and nothing is looked up."""
        if played_seconds is None or before_seconds is None:
            return False
        return not -1 < played_seconds - before_seconds < max(1, self.every_seconds)

    def _measured(self, catalog: Catalog, tick: Tick) -> _Measured:
        played, duration, share = measured(tick.event, catalog, tick.catalog_version)
        policy = self.policy
        sides = (
            share is not None and share >= policy.low,
            share is not None and share >= policy.high,
            played is not None and played >= policy.head_seconds,
            played is not None
            and duration is not None
            and duration - played <= policy.rest_seconds,
        )
        return _Measured(played, duration, share, sides)

    def _is_complete(self, now: _Measured) -> bool:
        return self.policy.is_complete(now.share, now.played_seconds, now.duration_seconds)

    def _is_played_on(self, now: _Measured, then: _Measured, elapsed_seconds: float) -> bool:
        """Whether it played on for less than is recorded, as the clock did; a seek doesn't."""
        if now.played_seconds is None or then.played_seconds is None:
            return False
        further_seconds = now.played_seconds - then.played_seconds
        return (
            0 < further_seconds < self.every_seconds
            and abs(elapsed_seconds - further_seconds) <= _CLOCK_PRECISION_SECONDS
        )


def _is_same_second(now: _Measured, then: _Measured) -> bool:
    if now.played_seconds is None or then.played_seconds is None:
        return now.share is not None and now.share == then.share
    return int(now.played_seconds) == int(then.played_seconds)


def _running_seconds(catalog: Catalog, item: str, now: _Measured) -> float:
    """The running time of rule 13."""
    return now.duration_seconds or catalog.runtime_seconds(item) or RUNTIME_DEFAULT_SECONDS


def speaking_about(catalog: Catalog, item: str) -> tuple[str, ...]:
    """The items on which something said may speak about a watchable one, itself first: the others
    of its work, and all that any of these ever stood under.
    """
    return (item, *(sources(catalog, item) - {item}))

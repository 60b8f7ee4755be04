"""Watch time: how long somebody really watched, by quarter hours in UTC, as a player reports it.

Of two reports of one cduid on one item, one after the other by rule 2, the later counts with the
seconds by which the item got on, but never with more than the clock did. It counts nothing

- if the item didn't get on: paused, gone back, begun anew;
- if it got on by more than twice what the clock did and two seconds, which no playback does: what
  was skipped wasn't watched, and what of the time before and after was, nobody knows;
- if the clock went on by over four hours more than the item, or by over twelve in all: that was no
  pause, and the item got on elsewhere, so the report is the first of another viewing.

The time lies right before the later report. Whatever gives no seconds is as if it weren't there.

All of it is in whole microseconds, so the sums are the same in whichever pages the reports come.
Quarter hours, since every time zone of the last fifty years begins its hours at one.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from domain.catalog import Catalog
from domain.events import ProgressReported, Recorded
from domain.state.cached_table import CachedTable, Key

QUARTER_US = 15 * 60 * 1_000_000
"""A quarter hour, which watch time is counted by."""

_SPEED_MAX = 2
_ROUNDING_US = 2_000_000
_PAUSE_US_MAX = 4 * 60 * 60 * 1_000_000
_SPAN_US_MAX = 12 * 60 * 60 * 1_000_000

Quarters = dict[int, int]
"""Microseconds watched, by when the quarter hour begins that they fall into."""


class Playhead(NamedTuple):
    """Where in an item a player stood, and when it said so. Compares by rule 2's order."""

    at_us: int
    position: int
    played_us: int


def quarter_of(at_us: int) -> int:
    """When the quarter hour begins that an instant falls into."""
    return at_us - at_us % QUARTER_US


def watch_time(playheads: Iterable[Playhead]) -> Quarters:
    """How long one cduid watched one item, by all that it reported, in rule 2's order."""
    quarters: Quarters = {}
    rest = iter(playheads)
    if (first := next(rest, None)) is not None:
        _go_on(quarters, first, rest)
    return quarters


def _go_on(quarters: Quarters, before: Playhead, playheads: Iterable[Playhead]) -> None:
    """Add what was watched up to each report, `before` being the one before them all.

    Nine of ten events come by here, so what stays within a quarter hour is added up first.
    """
    before_us, _, before_played_us = before
    quarter = quarter_of(before_us)
    end_us, total_us = quarter + QUARTER_US, 0
    for at_us, _, played_us in playheads:
        gained_us, elapsed_us = played_us - before_played_us, at_us - before_us
        before_us, before_played_us = at_us, played_us
        if (
            gained_us <= 0
            or gained_us > _SPEED_MAX * elapsed_us + _ROUNDING_US
            or elapsed_us > gained_us + _PAUSE_US_MAX
            or elapsed_us > _SPAN_US_MAX
        ):
            continue
        start_us = at_us - (gained_us if gained_us < elapsed_us else elapsed_us)  # noqa: FURB136  # a call less
        if start_us >= quarter and at_us < end_us:
            total_us += at_us - start_us
        else:
            _add(quarters, quarter, total_us)
            _spread(quarters, start_us, at_us)
            quarter = quarter_of(at_us)
            end_us, total_us = quarter + QUARTER_US, 0
    _add(quarters, quarter, total_us)


def _add(quarters: Quarters, quarter: int, watched_us: int) -> None:
    if watched_us:
        quarters[quarter] = quarters.get(quarter, 0) + watched_us


def _spread(quarters: Quarters, start_us: int, end_us: int) -> None:
    """Add the time between two instants to the quarter hours that it falls into."""
    while start_us < end_us:
        quarter = quarter_of(start_us)
        stop_us = min(quarter + QUARTER_US, end_us)
        _add(quarters, quarter, stop_us - start_us)
        start_us = stop_us


def playheads_of(page: Iterable[Recorded], catalog: Catalog) -> dict[Key, list[Playhead]]:
    """What was reported, by (cduid, item), each in the order in which it came.

    `catalog` is as of the page or later. A share gives seconds by the running time that the item
    had when it was recorded (rule 26).
    """
    by_stream: dict[Key, list[Playhead]] = {}
    for recorded in page:
        position, stream, _, _, at_us, _, _, _, event = recorded
        if type(event) is not ProgressReported:
            continue
        seconds = event.played_seconds
        if seconds is None:
            seconds = _seconds_of_share(recorded, event, catalog)
            if seconds is None:
                continue
        key = stream, event.item
        # A plain tuple is made in a third of the time, and compares alike.
        playhead: Any = at_us, position, round(seconds * 1e6)
        if (known := by_stream.get(key)) is None:
            by_stream[key] = [playhead]
        else:
            known.append(playhead)
    return {(stream[6:], item): playheads for (stream, item), playheads in by_stream.items()}


def _seconds_of_share(
    recorded: Recorded, event: ProgressReported, catalog: Catalog
) -> float | None:
    runtime_seconds = catalog.runtime_seconds(event.item, recorded.catalog_version)
    if event.share is None or runtime_seconds is None:
        return None
    return event.share * runtime_seconds


class WatchTime:
    """Watch time as a fold goes on: what came in order adds to what there is already.

    `added` is what the reports since the last `clear` came to, by (cduid, item). For a key of
    `replaced` it is all that there is, and nothing of what was counted before holds. Of what was
    there before, the last report by rule 2 is all that has to be known, which `playheads` keeps.
    """

    def __init__(self, playheads: CachedTable[Playhead]) -> None:
        self.added: dict[Key, Quarters] = {}
        self.replaced: set[Key] = set()
        self._playheads = playheads

    def clear(self) -> None:
        """What was added is written; what comes adds to it."""
        self.added.clear()
        self.replaced.clear()

    def take(self, reported: Mapping[Key, list[Playhead]]) -> list[Key]:
        """Take in a page's reports, each key's in any order.

        Answers the keys of which something came later than what was after it: they are left as they
        were, and have to be replaced.
        """
        self._playheads.prefetch(reported)
        late: list[Key] = []
        for key, playheads in reported.items():
            playheads.sort()
            before = self._playheads.get(*key)
            if before is not None and playheads[0] < before:
                late.append(key)
                continue
            _go_on(self.added.setdefault(key, {}), before or playheads[0], playheads)
            self._playheads.put(*key, Playhead._make(playheads[-1]))
        return late

    def replace(self, key: Key, playheads: Sequence[Playhead]) -> None:
        """Count a key anew, by all that holds of it, in rule 2's order."""
        self.added[key] = watch_time(playheads)
        self.replaced.add(key)
        self._playheads.put(*key, Playhead._make(playheads[-1]) if playheads else None)

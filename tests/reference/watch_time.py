"""How long somebody watched, by brute force: each report against the one before it."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from domain.events import ProgressReported, Recorded
from domain.instants import from_us
from tests.reference.facts import item_of, order

QUARTER = timedelta(minutes=15)
SECOND = timedelta(seconds=1)

Watched = dict[tuple[str, str], Counter[datetime]]
"""Microseconds by (cduid, item), and by when the quarter hour begins that they fall into."""


def watched(
    said: Iterable[Recorded], played_seconds: Callable[[Recorded], float | None]
) -> Watched:
    """By all activity that stands, and by how far each report says that the item was."""
    reports = [r for r in sorted(said, key=order) if isinstance(r.event, ProgressReported)]
    found: Watched = {}
    for cduid, item in {(r.cduid or "", item_of(r) or "") for r in reports}:
        told = [r for r in reports if (r.cduid, item_of(r)) == (cduid, item)]
        stood = ((from_us(r.at_us), played_seconds(r)) for r in told)
        known = [(at, whole(seconds)) for at, seconds in stood if seconds is not None]
        for (before_at, before), (at, after) in pairwise(known):
            counted = counts(after - before, at - before_at)
            for begin in quarters(at - counted, at):
                overlap = min(at, begin + QUARTER) - max(at - counted, begin)
                found.setdefault((cduid, item), Counter())[begin] += overlap // timedelta.resolution
    return found


def whole(seconds: float) -> timedelta:
    """In whole microseconds, as instants are."""
    return timedelta(microseconds=round(seconds * 1e6))


def counts(gained: timedelta, elapsed: timedelta) -> timedelta:
    """What was watched where an item got on by so much while the clock got on by so much."""
    is_seek = gained > 2 * elapsed + 2 * SECOND
    is_break = elapsed - gained > timedelta(hours=4) or elapsed > timedelta(hours=12)
    if gained <= timedelta(0) or is_seek or is_break:
        return timedelta(0)
    return min(gained, elapsed)


def quarters(begin: datetime, end: datetime) -> Iterable[datetime]:
    """When the quarter hours begin that lie between two instants, wholly or in part."""
    quarter = datetime(begin.year, begin.month, begin.day, begin.hour, tzinfo=UTC)
    while quarter < end:
        if quarter + QUARTER > begin:
            yield quarter
        quarter += QUARTER

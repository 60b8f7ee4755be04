"""Rules 1 and 25 stated apart: when an event counts as having happened, and whether it says so."""

from datetime import UTC, datetime, timedelta

from domain.events import ActivityFact, Event, ItemWatched
from domain.instants import to_us

UNDATED_AT_US = to_us(datetime(1900, 1, 1, tzinfo=UTC))
CLOCK_AT_ZERO = datetime(1970, 1, 1, tzinfo=UTC)


def gives_time(event: ActivityFact) -> bool:
    """January 1970 is what a clock shows that nobody ever set."""
    when = event.occurred_at
    return when is not None and (when.year, when.month) != (1970, 1)


def is_undated(event: Event) -> bool:
    """Watched, who knows when."""
    return isinstance(event, ItemWatched) and (event.undated or event.occurred_at == CLOCK_AT_ZERO)


def at_us(event: Event, recorded_at_us: int) -> int:
    if is_undated(event):
        return UNDATED_AT_US
    if not isinstance(event, ActivityFact) or event.occurred_at is None or not gives_time(event):
        return recorded_at_us
    behind_us = timedelta(seconds=event.clock_offset_seconds or 0) // timedelta(microseconds=1)
    return max(UNDATED_AT_US, min(to_us(event.occurred_at) + behind_us, recorded_at_us))

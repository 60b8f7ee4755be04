"""Instants as the fold counts them: whole microseconds since 1970 in UTC.

Integers compare and sort many times faster than aware datetimes, and a fold compares a lot.
Datetimes stand at the edges: in events, in the read models' columns, in answers.
"""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_us(instant: datetime) -> int:
    """Microseconds since 1970 of an aware datetime."""
    return (instant - _EPOCH) // _MICROSECOND


def from_us(instant_us: int) -> datetime:
    """The aware UTC datetime of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=instant_us)

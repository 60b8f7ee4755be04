"""Moments: the instants, days and positions that reads are asked about, parsed from text.

One parser for HTTP and the command line. An instant is RFC 3339's, with its time zone; a day is
YYYY-MM-DD, and UTC's where no other zone is asked for; a position is digits alone. Nothing else is
taken for any of them: bare numbers least of all, which could be seconds, years or days.
"""

import re
from datetime import UTC, date, datetime, timedelta, tzinfo

from domain.values import EARLIEST_AT, LATEST_AT

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_MOMENT = re.compile(
    rf"{_DAY.pattern}([Tt ]\d{{2}}:\d{{2}}:\d{{2}}(\.\d+)?"
    r"(?P<zone>[Zz]|[+-]\d{2}:\d{2}| \d{2}:\d{2}|))?",
    re.ASCII,
)
_POSITION = re.compile(r"\d{1,100}", re.ASCII)
_WHOLE_DAY = timedelta(days=1)
_LEAST = timedelta(microseconds=1)

_TIME_WANTED = "a time such as 2026-01-31T20:15:00Z, or a day such as 2026-01-31"
_PLACE_WANTED = f"{_TIME_WANTED}, or a position"


def beginning(text: str, zone: tzinfo = UTC) -> datetime:
    """Where a span begins: a day is its first instant, in `zone`.

    Raises ValueError, which says what to do.
    """
    return _instant(text, _TIME_WANTED, zone)


def end(text: str, zone: tzinfo = UTC) -> datetime:
    """What a span comes before: a day is in it, the whole of it. Raises ValueError likewise."""
    instant = _instant(text, _TIME_WANTED, zone)
    if _DAY.fullmatch(text):
        return _midnight(date.fromisoformat(text) + _WHOLE_DAY, zone)
    return instant


def place(text: str) -> int | datetime:
    """What to look back to: a day is its last instant. Raises ValueError likewise."""
    if _POSITION.fullmatch(text):
        return int(text)
    instant = _instant(text, _PLACE_WANTED)
    return instant + _WHOLE_DAY - _LEAST if _DAY.fullmatch(text) else instant


def beyond_end(place: int | datetime | None, end: int) -> str | None:
    """Why a place can't be looked back to, if it is a position that the ledger hasn't come to."""
    if not isinstance(place, int) or place <= end:
        return None
    return (
        f"is no position that there is, the newest being {end}; "
        f"send one up to that, or {_TIME_WANTED}"
    )


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _instant(text: str, wanted: str, zone_of_days: tzinfo = UTC) -> datetime:
    found = _MOMENT.fullmatch(text)
    if found is None:
        raise ValueError(f"isn't understood; send {wanted}")
    zone = found["zone"]
    if zone == "":
        raise ValueError("has no time zone; send one such as 2026-01-31T20:15:00Z")
    if zone and zone.startswith(" "):  # for which a plus stands in an address
        raise ValueError("has lost the + of its time zone on the way; write it as %2B")
    try:
        instant = datetime.fromisoformat(text.upper() if zone else f"{text}T00:00:00Z")
    except ValueError:
        raise ValueError(f"names a day or an hour that there isn't; send {wanted}") from None
    if not EARLIEST_AT <= instant < LATEST_AT:
        raise ValueError("lies outside the years 1900 to 9998")
    return instant.astimezone(UTC) if zone else _midnight(instant.date(), zone_of_days)

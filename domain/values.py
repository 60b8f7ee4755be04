"""Values that events and commands are made of: times, seconds, text; each with its bounds."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints

from domain.instants import to_us

EARLIEST_AT = datetime(1900, 1, 1, tzinfo=UTC)
LATEST_AT = datetime(9999, 1, 1, tzinfo=UTC)
SECONDS_MAX = 1e9
CLOCK_OFFSET_SECONDS_MAX = 1e12
"""More than lies between any two times that can be sent: a box may believe it is 1970."""
UNDATED_AT_US = to_us(EARLIEST_AT)
"""The `at` of what was watched nobody knows when: whatever is dated is newer (rule 25)."""

_BREAKS = "\t\n\r\u2028\u2029"
_breaks_and_spaces = re.compile(f"[{_BREAKS} ]+")
_SENT_TEXT = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"

_FIRST_RELEASE_AT = datetime(1800, 1, 1, tzinfo=UTC)


def _as_utc(instant: datetime) -> datetime:
    # A year compares faster than aware instants do, and every replay comes by here.
    if instant.year <= EARLIEST_AT.year and instant < EARLIEST_AT:
        raise ValueError("is before 1900; send the time of the viewing")
    if instant.year >= LATEST_AT.year - 1 and instant >= LATEST_AT:
        raise ValueError("is after 9998; send the time of the viewing")
    return instant.astimezone(UTC) if instant.utcoffset() else instant


def _as_release(instant: datetime) -> datetime:
    if not _FIRST_RELEASE_AT <= instant < LATEST_AT:
        raise ValueError("lies outside the years 1800 to 9998; leave out what isn't known")
    return instant.astimezone(UTC) if instant.utcoffset() else instant


def _on_one_line(value: Any) -> Any:
    if isinstance(value, str) and any(each in value for each in _BREAKS):
        return _breaks_and_spaces.sub(" ", value).strip(" ")
    return value


OccurredAt = Annotated[AwareDatetime, AfterValidator(_as_utc)]
ReleasedAt = Annotated[AwareDatetime, AfterValidator(_as_release)]
PlayedSeconds = Annotated[float, Field(ge=0, le=SECONDS_MAX, allow_inf_nan=False)]
DurationSeconds = Annotated[float, Field(gt=0, le=SECONDS_MAX, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
ClockOffsetSeconds = Annotated[
    float, Field(ge=-CLOCK_OFFSET_SECONDS_MAX, le=CLOCK_OFFSET_SECONDS_MAX, allow_inf_nan=False)
]
Year = Annotated[int, Field(ge=1800, le=9998)]
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f-\x9f]*$", max_length=1000)]
"""One line of text for people: no control characters."""
Index = Annotated[int, Field(ge=-(2**31), lt=2**31)]

Line = Annotated[
    Text,
    BeforeValidator(
        _on_one_line, Annotated[str, StringConstraints(pattern=_SENT_TEXT, max_length=1000)]
    ),
]
"""Text for people; tabs and line breaks, which files of metadata are full of, become spaces."""

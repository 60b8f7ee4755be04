"""Fields: text, numbers, truth and times in the JSON of media servers, each read in one way.

Servers say null, "" or 0 for what they don't know, and templates make text of everything. What
makes no sense where it stands is as if it had been left out. Only an amount that is no number stays
as nan, since a position that can't be read mustn't pass for one that wasn't told.
"""

import math
import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter, model_validator

from domain.values import OccurredAt
from domain.values import Year as AnyYear

_TEXT_MAX = 1_000
_WHOLE_MAX = 2**31 - 1
_NUMBER_MAX = 50
_breaks = re.compile(r" *[\x00-\x1f\x7f-\x9f][\x00-\x20\x7f-\x9f]*")
_is_number = re.compile(r"[+-]?\d+(\.\d*)?(e[+-]?\d+)?", re.ASCII | re.IGNORECASE).fullmatch
_is_time = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(?P<zone>Z|[+-]\d\d:?\d\d)?", re.ASCII
).fullmatch
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}
_OCCURRED_AT: TypeAdapter[datetime] = TypeAdapter(OccurredAt)
_YEAR: TypeAdapter[int] = TypeAdapter(AnyYear)


class Shape(BaseModel):
    """A part of a body. What is no object is an empty one, and nobody's fields are refused."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _is_object(cls, value: Any) -> Any:
        return value if isinstance(value, dict | Shape) else {}


def as_text(value: Any) -> str | None:
    """One line of text that isn't empty; whole numbers count as such."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) <= 2**63 else None
    if not isinstance(value, str):
        return None
    text = (value if value.isprintable() else _breaks.sub(" ", value)).strip()
    return text if 0 < len(text) <= _TEXT_MAX else None


def as_amount(value: Any) -> float | None:
    """A number; None if it was left out, nan if it is none."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, str):
        text = value.strip()
        return float(text) if len(text) <= _NUMBER_MAX and _is_number(text) else math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    return float(value) if abs(value) < 2**1023 else math.nan


def as_whole(value: Any) -> int | None:
    """A whole number from 0 on, such as that of an episode."""
    amount = as_amount(value)
    if amount is None or not 0 <= amount <= _WHOLE_MAX or amount != int(amount):
        return None
    return int(amount)


def _as_year(value: Any) -> int | None:
    try:
        return _YEAR.validate_python(as_whole(value))
    except ValueError:
        return None


def _as_truth(value: Any) -> bool | None:
    return _TRUTHS.get(str(value).lower()) if isinstance(value, bool | int | str) else None


def _as_moment(value: Any) -> datetime | None:
    if not isinstance(value, str) or not _is_time(value):
        return None
    try:
        return _OCCURRED_AT.validate_python(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        return None


def _as_utc_moment(value: Any) -> datetime | None:
    found = _is_time(value) if isinstance(value, str) else None
    return _as_moment(f"{value}Z" if found and not found["zone"] else value)


def _as_unix_moment(value: Any) -> datetime | None:
    amount = as_amount(value)
    if amount is None or not 0 < amount < 2**35:
        return None
    return datetime.fromtimestamp(amount, UTC)


Text = Annotated[str | None, BeforeValidator(as_text)]
Amount = Annotated[float | None, BeforeValidator(as_amount)]
Whole = Annotated[int | None, BeforeValidator(as_whole)]
Year = Annotated[int | None, BeforeValidator(_as_year)]
Truth = Annotated[bool | None, BeforeValidator(_as_truth)]
Moment = Annotated[datetime | None, BeforeValidator(_as_moment)]
"""A time with its zone; what has none could be any."""
UtcMoment = Annotated[datetime | None, BeforeValidator(_as_utc_moment)]
"""A time of a field that says in its name that it is UTC."""
UnixMoment = Annotated[datetime | None, BeforeValidator(_as_unix_moment)]
"""Seconds since 1970."""

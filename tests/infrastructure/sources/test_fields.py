"""How text, numbers, truth and times are read."""

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import TypeAdapter

from infrastructure.sources.fields import (
    Moment,
    Truth,
    UnixMoment,
    UtcMoment,
    Year,
    as_amount,
    as_text,
    as_whole,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Metropolis", "Metropolis"),
        ("  two\r\n lines\t", "two lines"),
        ("\x00", None),
        ("", None),
        (7, "7"),
        (True, None),
        (7.5, None),
        (10**400, None),
        (["a"], None),
        ("x" * 1_001, None),
    ],
)
def test_text_is_one_line_that_isnt_empty(value: Any, text: str | None) -> None:
    assert as_text(value) == text


@pytest.mark.parametrize(
    ("value", "amount"),
    [(1, 1.0), ("1", 1.0), (" -2.5 ", -2.5), ("1e3", 1000.0), (None, None), ("", None)],
)
def test_an_amount_is_a_number_or_left_out(value: Any, amount: float | None) -> None:
    assert as_amount(value) == amount


@pytest.mark.parametrize(
    "value", ["nan", "NaN", "inf", "1_000", "1,5", "soon", "0x1", "9" * 60, True, [], {}, 10**400]
)
def test_what_isnt_one_is_no_number_rather_than_left_out(value: Any) -> None:
    amount = as_amount(value)
    assert amount is not None
    assert math.isnan(amount)


@pytest.mark.parametrize(
    ("value", "whole"),
    [
        (0, 0),
        ("02", 2),
        (2.0, 2),
        (-1, None),
        (2.5, None),
        ("1-3", None),
        (2**31, None),
        ("nan", None),
        (math.inf, None),
        (False, None),
    ],
)
def test_a_number_of_an_episode_is_a_whole_one_from_0_on(value: Any, whole: int | None) -> None:
    assert as_whole(value) == whole


@pytest.mark.parametrize(
    ("type_", "value", "found"),
    [
        (Year, "1927", 1927),
        (Year, 0, None),
        (Year, 99999, None),
        (Truth, True, True),
        (Truth, "False", False),
        (Truth, "1", True),
        (Truth, 0, False),
        (Truth, "", None),
        (Truth, 2, None),
        (Truth, [], None),
    ],
)
def test_years_and_truth_are_plain_or_text(type_: Any, value: Any, found: Any) -> None:
    assert TypeAdapter(type_).validate_python(value) is found or found == 1927


_NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("type_", "value", "at"),
    [
        (Moment, "2026-03-02T12:00:00Z", _NOON),
        (Moment, "2026-03-02T13:00:00.0000000+01:00", _NOON),
        (Moment, "2026-03-02 12:00:00+0000", _NOON),
        (Moment, "2026-03-02T12:00:00", None),
        (Moment, "03/02/2026 12:00:00", None),
        (Moment, "2026-02-30T12:00:00Z", None),
        (Moment, "0001-01-01T00:00:00Z", None),
        (Moment, "0001-01-01T00:00:00+14:00", None),
        (Moment, "9999-12-31T23:59:59-14:00", None),
        (Moment, 1772452800, None),
        (UtcMoment, "2026-03-02T12:00:00", _NOON),
        (UtcMoment, "2026-03-02T12:00:00.0000000", _NOON),
        (UtcMoment, "2026-03-02T13:00:00+01:00", _NOON),
        (UnixMoment, "1772452800", _NOON),
        (UnixMoment, 0, None),
        (UnixMoment, -1, None),
        (UnixMoment, 1e300, None),
        (UnixMoment, "nan", None),
    ],
)
def test_a_time_has_a_zone_or_its_field_says_which(type_: Any, value: Any, at: Any) -> None:
    assert TypeAdapter(type_).validate_python(value) == at

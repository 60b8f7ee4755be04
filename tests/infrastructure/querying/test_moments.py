"""Instants, days and positions are told from text in one way, and nothing else is taken."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrastructure.querying.moments import beginning, beyond_end, end, place

EVENING = datetime(2026, 1, 31, 20, 15, tzinfo=UTC)
MIDNIGHT = datetime(2026, 1, 31, tzinfo=UTC)
DAY = timedelta(days=1)
LEAST = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-31T20:15:00Z", EVENING),
        ("2026-01-31t20:15:00z", EVENING),
        ("2026-01-31 20:15:00Z", EVENING),
        ("2026-01-31T21:15:00+01:00", EVENING),
        ("2026-01-31T14:45:00.000-05:30", EVENING),
        ("2026-01-31T20:15:00.000001Z", EVENING + LEAST),
        ("2026-01-31T20:15:00.0000019999Z", EVENING + LEAST),
    ],
)
def test_an_instant_is_the_same_wherever_it_stands(text: str, instant: datetime) -> None:
    assert beginning(text) == end(text) == place(text) == instant


def test_a_day_begins_a_span_and_is_in_one_that_it_ends() -> None:
    assert beginning("2026-01-31") == MIDNIGHT
    assert end("2026-01-31") == MIDNIGHT + DAY
    assert place("2026-01-31") == MIDNIGHT + DAY - LEAST


def test_digits_are_a_position_to_look_back_to() -> None:
    assert place("0") == 0
    assert place("20260131") == 20_260_131
    assert place("9" * 100) == 10**100 - 1


NO_MOMENTS = (
    "",
    "now",
    "2026",
    "20260301",
    "1.5",
    "-5000",
    "+5",
    "1e9",
    "1769890500",
    " 2026-01-31",
    "2026-01-31\n",
    "2026-1-31",
    "2026-01",
    "2026-W05-6",
    "2026-031",
    "31.01.2026",
    "2026-01-31T",
    "2026-01-31T20",
    "2026-01-31T20:15Z",
    "2026-01-31T20:15:00.Z",
    "2026-01-31T20:15:00,5Z",
    "2026-01-31T20:15:00+0100",
    "2026-01-31T20:15:00 CET",
    "20260131T201500Z",
    "\N{ARABIC-INDIC DIGIT TWO}026-01-31",
    "\N{ARABIC-INDIC DIGIT TWO}",
    "9" * 5_000,
)


@pytest.mark.parametrize("text", NO_MOMENTS)
def test_what_is_no_moment_is_refused_with_what_to_send(text: str) -> None:
    for parse in (beginning, end):
        with pytest.raises(ValueError, match=r"a time such as .*Z, or a day such as 2026-01-31$"):
            parse(text)
    if not (text.isascii() and text.isdecimal() and len(text) <= 100):
        with pytest.raises(ValueError, match=r"or a day such as 2026-01-31, or a position$"):
            place(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-01-31T20:15:00", "has no time zone"),
        ("2026-01-31T20:15:00 01:00", "write it as %2B"),
        ("2026-02-30", "a day or an hour that there isn't"),
        ("2026-01-31T25:00:00Z", "a day or an hour that there isn't"),
        ("2026-01-31T20:15:00+24:00", "a day or an hour that there isn't"),
        ("0000-01-31", "a day or an hour that there isn't"),
        ("0001-01-01T00:00:00+23:59", "1900 to 9998"),
        ("1899-12-31", "1900 to 9998"),
        ("9999-12-31T23:59:59-23:59", "1900 to 9998"),
        ("9999-01-01", "1900 to 9998"),
    ],
)
def test_what_is_wrong_with_a_time_is_said(text: str, said: str) -> None:
    for parse in (beginning, end, place):
        with pytest.raises(ValueError, match=said):
            parse(text)


def test_the_last_day_of_all_has_an_end() -> None:
    assert end("9998-12-31") == datetime(9999, 1, 1, tzinfo=UTC)


def test_a_position_that_is_not_there_yet_is_told_with_the_newest() -> None:
    assert beyond_end(7, 7) is None
    assert beyond_end(None, 7) is None
    assert beyond_end(EVENING, 7) is None
    fault = beyond_end(20_260_131, 7)
    assert fault is not None
    assert "the newest being 7" in fault
    assert "2026-01-31" in fault


@given(st.text(max_size=40) | st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.+Z-]{0,20})?"))
def test_whatever_is_sent_it_is_a_moment_or_refused_in_words(text: str) -> None:
    for parse in (beginning, end, place):
        with suppress(ValueError):
            found = parse(text)
            assert isinstance(found, int) or found.utcoffset() == timedelta(0)

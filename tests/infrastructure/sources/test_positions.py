"""What a position and a length come to, in seconds."""

import math

import pytest

from infrastructure.sources.heard import NotUnderstood
from infrastructure.sources.positions import (
    MILLISECONDS,
    TICKS,
    length_seconds,
    position_seconds,
)


def test_units_come_to_seconds() -> None:
    assert length_seconds(9_180_000, MILLISECONDS) == 9180
    assert length_seconds(91_800_000_000, TICKS) == 9180
    assert position_seconds(6_005_000_000, 9180, TICKS) == 600.5


@pytest.mark.parametrize("amount", [None, 0, -1, math.nan, math.inf, 1e12])
def test_a_length_that_cant_be_is_not_known(amount: float | None) -> None:
    assert length_seconds(amount) is None


@pytest.mark.parametrize(
    ("amount", "length", "seconds"),
    [
        (None, 3600, None),
        (0, 3600, 0),
        (3600, 3600, 3600),
        (3733, 3600, 3600),
        (3960, 3600, 3600),
        (3960, None, 3960),
    ],
)
def test_a_position_a_little_past_the_end_is_the_end(
    amount: float | None, length: float | None, seconds: float | None
) -> None:
    assert position_seconds(amount, length) == seconds


@pytest.mark.parametrize("amount", [-0.001, -1, math.nan, math.inf, -math.inf, 1e10, 3961])
def test_what_cant_be_a_position_is_refused(amount: float) -> None:
    with pytest.raises(NotUnderstood):
        position_seconds(amount, 3600)

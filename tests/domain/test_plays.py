"""How completions come to plays (rule 13)."""

import pytest

from domain.plays import Completion, count_plays, openings

MINUTE_US = 60_000_000


def completions(*minutes: int, duration_seconds: float | None = None) -> list[Completion]:
    return [
        Completion(minute * MINUTE_US, position, duration_seconds)
        for position, minute in enumerate(minutes, start=1)
    ]


@pytest.mark.parametrize(
    ("minutes", "duration_seconds", "runtime_seconds", "opened"),
    [
        ([], None, None, []),
        ([5], None, None, [5]),
        ([0, 29], None, None, [0]),
        ([0, 30], None, None, [0, 30]),
        ([0, 20, 40, 60], None, None, [0]),
        ([0, 20, 50, 60], None, None, [0, 50]),
        ([0, 0], None, None, [0]),
        ([0, 10], None, 600.0, [0, 10]),
        ([0, 10], None, 601.0, [0]),
        ([0, 10], 600.0, 3600.0, [0, 10]),
        ([0, 10], 3600.0, 600.0, [0]),
    ],
    ids=[
        "nothing is no play",
        "the first opens one",
        "one soon after belongs to it",
        "one a running time later opens another",
        "each is compared with the one before it, which needn't have opened any",
        "a long pause opens one, whatever came before",
        "two at once are one",
        "the catalog's running time counts where the event says none",
        "and one second less is less",
        "what the event itself says comes first",
        "be it longer or shorter",
    ],
)
def test_a_completion_opens_a_play_a_running_time_after_the_one_before(
    minutes: list[int],
    duration_seconds: float | None,
    runtime_seconds: float | None,
    opened: list[int],
) -> None:
    said = completions(*minutes, duration_seconds=duration_seconds)
    assert [each.at_us // MINUTE_US for each in openings(said, runtime_seconds)] == opened
    assert count_plays(said, runtime_seconds) == len(opened)


def test_the_running_time_is_that_of_the_later_completion() -> None:
    short, long = (Completion(at, at, at / 1_000_000) for at in (600_000_000, 1_200_000_000))
    assert count_plays([short, long], None) == 1
    assert count_plays([long._replace(at_us=0), short], None) == 2

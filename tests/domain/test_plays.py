"""How completions come to plays (rule 13)."""

from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.events import ItemWatched, Recorded
from domain.plays import (
    Completion,
    ItemCompletion,
    count_plays,
    openings,
    openings_newest_first,
)
from tests.reference.examples import ALIEN, TV, put
from tests.reference.model import Reference
from tests.reference.steps import Watch
from tests.reference.world import World, record

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


def opened_newest_first(said: list[Completion], runtime_seconds: float | None) -> list[Completion]:
    """The openings as a page of plays finds them, in order."""
    found = (ItemCompletion(each, ALIEN, TV) for each in reversed(said))
    return [each.completion for each in openings_newest_first(found, lambda _: runtime_seconds)][
        ::-1
    ]


def watched_at(offsets_us: list[int], duration_seconds: float) -> list[Recorded]:
    """A log in which a movie is watched at each of these times after the beginning."""
    world = World()
    place, *watches = (
        world.submit(step)
        for step in [*put(ALIEN), *(Watch(TV, ALIEN, None, duration_seconds) for _ in offsets_us)]
    )
    timed = zip(watches, offsets_us, strict=True)
    return record([place, *(each._replace(now_us=place.now_us + us) for each, us in timed)])


# Running times that people send, to the millisecond, and what is shorter than any instant.
running_times = st.integers(1, 20_000_000).map(lambda ms: ms / 1_000) | st.just(1e-9)


@given(running_times, st.lists(st.integers(-2, 2), min_size=1, max_size=5))
@example(4.182, [0])
@example(4.182, [-1])
@example(1e-9, [0])
@example(1e-9, [0, 1])
def test_a_pause_of_exactly_the_running_time_opens_a_play_whichever_way_it_is_asked(
    duration_seconds: float, off_by_us: list[int]
) -> None:
    """Pauses of a running time, a microsecond or two more or less."""
    running_us = timedelta(seconds=duration_seconds) // timedelta(microseconds=1)
    offsets_us = [0]
    for off_us in off_by_us:
        offsets_us.append(offsets_us[-1] + max(0, running_us + off_us))
    log = watched_at(offsets_us, duration_seconds)
    said = [
        Completion(each.at_us, each.position, duration_seconds)
        for each in log
        if isinstance(each.event, ItemWatched)
    ]
    expected = [play.position for play in reversed(Reference(log).plays(TV, ALIEN))]
    assert [each.position for each in openings(said, None)] == expected
    assert [each.position for each in opened_newest_first(said, None)] == expected

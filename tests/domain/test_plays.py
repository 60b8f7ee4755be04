"""How completions come to plays (rule 13)."""

from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.events import ItemWatched, Recorded
from domain.plays import (
    Completion,
    ItemCompletion,
    Verdict,
    count_plays,
    judged,
    openings,
)
from tests.reference.examples import ALIEN, PHONE, TV, put
from tests.reference.model import Reference
from tests.reference.steps import Watch
from tests.reference.world import World, record

MINUTE_US = 60_000_000
DAY = 24 * 60


def watched(minute: int, duration_seconds: float | None = None, cduid: str = TV) -> ItemCompletion:
    completion = Completion(
        minute * MINUTE_US, minute, duration_seconds, None, gives_time=True, is_below=False
    )
    return ItemCompletion(completion, ALIEN, cduid)


def reported(
    minute: int, share: float, cduid: str = TV, *, is_below: bool = False
) -> ItemCompletion:
    completion = Completion(
        minute * MINUTE_US, minute, 3600.0, share, gives_time=True, is_below=is_below
    )
    return ItemCompletion(completion, ALIEN, cduid)


def verdicts(*said: ItemCompletion) -> list[Verdict]:
    return [verdict for _, verdict in judged(said, lambda _: None)]


OPENS, FURTHER_ON, SAME = Verdict.OPENS, Verdict.FURTHER_ON, Verdict.SAME_VIEWING


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([reported(0, 0.91), reported(DAY, 0.95)], [OPENS, FURTHER_ON]),
        ([reported(0, 0.91), reported(DAY, 0.95, is_below=True)], [OPENS, OPENS]),
        ([reported(0, 0.91), reported(DAY, 0.91)], [OPENS, OPENS]),
        ([reported(0, 0.91), reported(3 * DAY, 0.95)], [OPENS, OPENS]),
        ([reported(0, 0.91), reported(DAY, 0.95, PHONE)], [OPENS, OPENS]),
        ([reported(0, 0.95), reported(59, 0.92, PHONE)], [OPENS, SAME]),
        ([reported(0, 0.95), reported(60, 0.92, PHONE)], [OPENS, OPENS]),
        ([reported(0, 0.95), reported(59, 0.95, is_below=True)], [OPENS, OPENS]),
        ([reported(0, 0.95), reported(59, 0.95, PHONE, is_below=True)], [OPENS, SAME]),
        ([reported(0, 0.91), watched(5), reported(DAY, 0.95)], [OPENS, SAME, FURTHER_ON]),
        ([watched(0, 3600.0), reported(DAY, 0.95)], [OPENS, OPENS]),
    ],
    ids=[
        "the credits the next day are the same play",
        "begun again it is another",
        "no further on it is another",
        "three days later it is another",
        "and on another device",
        "two devices saw the same viewing",
        "a running time later they didn't",
        "seen again at once on one device is another",
        "which another device's being below says nothing of",
        "a watch between changes nothing",
        "and a watch has no credits",
    ],
)
def test_a_completion_opens_a_play_or_continues_one(
    said: list[ItemCompletion], expected: list[Verdict]
) -> None:
    assert verdicts(*said) == expected


def test_a_watch_that_gives_no_time_never_opens_another() -> None:
    later = watched(7 * DAY, cduid=PHONE)
    untimed = later._replace(completion=later.completion._replace(gives_time=False))
    assert verdicts(untimed) == [OPENS]
    assert verdicts(watched(0), untimed) == [OPENS, Verdict.UNTIMED]


def test_the_running_time_counts_from_what_opened_the_play() -> None:
    assert verdicts(watched(0), watched(20), watched(40)) == [OPENS, SAME, OPENS]


@pytest.mark.parametrize(
    ("minutes", "duration_seconds", "runtime_seconds", "opened"),
    [
        ([], None, None, []),
        ([5], None, None, [5]),
        ([0, 29], None, None, [0]),
        ([0, 30], None, None, [0, 30]),
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
        "two at once are one",
        "the catalog's running time counts where the event says none",
        "and one second less is less",
        "what the event itself says comes first",
        "be it longer or shorter",
    ],
)
def test_a_watch_opens_a_play_a_running_time_after_the_last_that_did(
    minutes: list[int],
    duration_seconds: float | None,
    runtime_seconds: float | None,
    opened: list[int],
) -> None:
    said = [watched(minute, duration_seconds) for minute in minutes]
    found = openings(said, lambda _: runtime_seconds)
    assert [each.completion.at_us // MINUTE_US for each in found] == opened
    assert count_plays(said, lambda _: runtime_seconds) == len(opened)


def test_the_running_time_is_that_of_the_later_completion() -> None:
    assert verdicts(watched(10, 600.0), watched(20, 1200.0)) == [OPENS, SAME]
    assert verdicts(watched(0, 1200.0), watched(10, 600.0)) == [OPENS, OPENS]


def watched_at(offsets_us: list[int], duration_seconds: float) -> list[Recorded]:
    """A log in which a movie is watched at each of these times after the beginning."""
    world = World()
    place, *watches = (
        world.submit(step)
        for step in [*put(ALIEN), *(Watch(TV, ALIEN, 0, duration_seconds) for _ in offsets_us)]
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
def test_a_pause_of_exactly_the_running_time_opens_a_play(
    duration_seconds: float, off_by_us: list[int]
) -> None:
    """Pauses of a running time, a microsecond or two more or less."""
    running_us = timedelta(seconds=duration_seconds) // timedelta(microseconds=1)
    offsets_us = [0]
    for off_us in off_by_us:
        offsets_us.append(offsets_us[-1] + max(0, running_us + off_us))
    log = watched_at(offsets_us, duration_seconds)
    said = [
        ItemCompletion(
            Completion(
                each.at_us, each.position, duration_seconds, None, gives_time=True, is_below=False
            ),
            ALIEN,
            TV,
        )
        for each in log
        if isinstance(each.event, ItemWatched)
    ]
    expected = [play.position for play in reversed(Reference(log).plays(TV, ALIEN))]
    assert [each.completion.position for each in openings(said, lambda _: None)] == expected

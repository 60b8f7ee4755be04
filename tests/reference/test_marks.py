"""Rules 9 and 25: marks that are nothing new, and those of which nobody knows when."""

import pytest

from tests.reference.examples import (
    ALIEN,
    BRAZIL,
    E1,
    E2,
    E3,
    PHONE,
    SEASON,
    TV,
    after,
    answer,
    finish,
    put,
)
from tests.reference.model import Reference
from tests.reference.steps import (
    Clock,
    Dismiss,
    Link,
    Progress,
    Retract,
    Step,
    Unwatch,
    Watch,
)
from tests.reference.times import UNDATED_AT_US

HERE = put(E1, E2, E3, ALIEN, BRAZIL)


def is_idle(*steps: Step) -> bool:
    reference = after(*HERE, *steps)
    return reference.is_idle(reference.log[-1])


# Idle marks (rule 9).


def test_marked_every_night_loses_no_place_in_a_rewatch() -> None:
    reference = after(*HERE, Watch(TV, ALIEN), Progress(TV, ALIEN), Watch(TV, ALIEN))
    assert [item for item, _ in reference.in_progress(TV)] == [ALIEN]
    assert reference.why(TV, ALIEN) == after(*HERE, Watch(TV, ALIEN), Progress(TV, ALIEN)).why(
        TV, ALIEN
    )


def test_marked_every_night_makes_no_show_the_newest() -> None:
    nightly: list[Step] = [Watch(TV, E1), Watch(TV, E2), Watch(TV, E1)]
    assert after(*HERE, *nightly).next_up(TV).next_episode[0][:2] == (E3, E2)


def test_marked_every_night_does_not_bring_back_what_another_device_unwatched() -> None:
    reference = after(*HERE, Watch(TV, ALIEN), Unwatch(PHONE, ALIEN), Watch(TV, ALIEN))
    assert not reference.watched(TV, ALIEN)


@pytest.mark.parametrize(
    "before",
    [
        Watch(TV, E1),
        Watch(TV, E1, undated=True),
        finish(TV, E1),
        Watch(TV, SEASON),
        Watch(TV, E1, 5),
    ],
)
def test_a_mark_is_idle_after_whatever_left_the_item_watched(before: Step) -> None:
    assert is_idle(before, Watch(TV, E1))


@pytest.mark.parametrize(
    "mark",
    [
        Watch(TV, E1, 0),
        Watch(PHONE, E1),
        Watch(TV, SEASON),
        Watch(TV, E1, undated=True),
        Unwatch(TV, E1),
        Progress(TV, E1, played_seconds=1200.0),
    ],
)
def test_these_are_never_idle(mark: Step) -> None:
    assert not is_idle(Watch(TV, E1), mark)


def test_an_unwatch_of_its_own_makes_the_next_mark_news() -> None:
    assert not is_idle(Watch(TV, E1), Unwatch(TV, SEASON), Watch(TV, E1))
    assert is_idle(Watch(TV, E1), Unwatch(PHONE, E1), Watch(TV, E1))


def test_a_clock_that_was_never_set_gives_no_time() -> None:
    assert is_idle(Watch(TV, E1), Watch(TV, E1, 0, clock=Clock.NEVER_SET))


def test_a_mark_of_what_was_watched_under_another_name_is_idle() -> None:
    assert is_idle(Link(ALIEN, BRAZIL), Watch(TV, ALIEN), Watch(TV, BRAZIL))
    assert not is_idle(Watch(TV, ALIEN), Watch(TV, BRAZIL))


def test_a_mark_is_news_again_once_the_one_before_it_is_taken_back() -> None:
    reference = after(*HERE, Watch(TV, ALIEN), Watch(TV, ALIEN), Retract(TV, 1))
    assert reference.decider(TV, ALIEN) == reference.log[-2]


def test_a_mark_that_is_nothing_new_leaves_a_dismissal_alone() -> None:
    dismissed: list[Step] = [Watch(TV, E1), Dismiss(TV, SEASON), Watch(TV, E1)]
    assert [item for item, _ in after(*HERE, *dismissed).dismissed(TV)] == [SEASON]


# Undated (rule 25).


def undated(*steps: Step) -> Reference:
    return after(*HERE, Watch(TV, ALIEN, undated=True), *steps)


def test_whatever_is_dated_wins_over_what_is_not() -> None:
    assert undated().watched(TV, ALIEN)
    assert not undated(Unwatch(PHONE, ALIEN, slots_ago=10**6)).watched(TV, ALIEN)


def test_an_undated_play_has_no_time() -> None:
    film = answer(undated(), ALIEN)
    assert (film["plays"], film["last_played_at_us"]) == (1, None)
    assert [play.at_us for play in undated().plays(TV)] == [UNDATED_AT_US]


def test_a_dated_play_beside_it_has() -> None:
    film = answer(undated(Watch(TV, ALIEN, 0)), ALIEN)
    assert (film["plays"], film["last_played_at_us"] is None) == (2, False)


def test_the_first_instant_of_1970_says_that_nobody_knows() -> None:
    reference = after(*HERE, Watch(TV, ALIEN, 0, clock=Clock.AT_ZERO))
    assert reference.log[-1].at_us == UNDATED_AT_US
    progress = after(*HERE, Progress(TV, ALIEN, 0, clock=Clock.AT_ZERO)).log[-1]
    assert progress.at_us == progress.recorded_at_us


def test_an_undated_season_is_what_the_library_holds_when_it_is_told() -> None:
    reference = after(*put(E1, E2), Watch(TV, SEASON, undated=True), *put(E3))
    assert [reference.watched(TV, e) for e in (E1, E2, E3)] == [True, True, False]

"""Rule 27: what is left out of next up until more is said."""

import pytest

from domain.events import IsolationMode
from tests.reference.examples import (
    ALIEN,
    BOB,
    BRAZIL,
    DARK,
    DARK_1,
    DARK_2,
    E1,
    E2,
    E3,
    FILMS,
    PHONE,
    SEASON,
    SHELF,
    SHOW,
    TV,
    after,
    answer,
    finish,
    put,
)
from tests.reference.model import NextUp
from tests.reference.steps import (
    ChangeMode,
    Dismiss,
    Hide,
    Link,
    Progress,
    Put,
    Recall,
    Step,
    Unwatch,
    Watch,
)

HERE = [*put(E1, E2, E3, DARK_1, DARK_2, ALIEN, BRAZIL), Watch(TV, E1)]


def next_up(*steps: Step) -> NextUp:
    return after(*HERE, *steps).next_up(TV)


def dismissed(*steps: Step) -> list[str]:
    return [item for item, _ in after(*HERE, *steps).dismissed(TV)]


def test_a_dismissed_film_is_not_offered_until_it_is_recalled() -> None:
    assert next_up(Dismiss(TV, ALIEN)).unwatched_movie == [BRAZIL]
    assert next_up(Dismiss(TV, ALIEN), Recall(PHONE, ALIEN)).unwatched_movie == [BRAZIL, ALIEN]
    assert next_up(Dismiss(TV, FILMS)).unwatched_movie == []


def test_a_dismissed_show_has_no_next_episode_and_nothing_in_progress() -> None:
    for item in (SHOW, SHELF):
        assert next_up(Dismiss(PHONE, item)).next_episode == []
        begun = after(*HERE, Progress(TV, E2), Dismiss(TV, item))
        assert begun.in_progress(TV) == []
        assert begun.next_up(TV).in_progress == []


def test_a_dismissed_episode_is_no_candidate() -> None:
    assert next_up(Dismiss(TV, E2)).next_episode[0][0] == E3


def test_a_show_of_which_what_was_begun_is_dismissed_goes_on() -> None:
    assert next_up(Progress(TV, E2), Dismiss(TV, E2)).next_episode[0][0] == E3


def test_what_is_said_of_the_item_is_untouched() -> None:
    reference = after(*HERE, Progress(TV, E2), Dismiss(TV, E2))
    assert answer(reference, E2)["in_progress"] is not None
    assert answer(after(*HERE, Dismiss(TV, SHOW)), SHOW)["watched_leaves"] == 1


@pytest.mark.parametrize(
    "more",
    [
        Watch(TV, E3),
        Watch(PHONE, SEASON),
        Unwatch(TV, E1),
        finish(TV, E2),
        Progress(TV, E2),
        Watch(TV, SHELF),
    ],
)
def test_whatever_is_said_below_it_brings_it_back(more: Step) -> None:
    assert dismissed(Dismiss(TV, SHOW)) == [SHOW]
    assert dismissed(Dismiss(TV, SHOW), more) == []


@pytest.mark.parametrize(
    "more",
    [
        Watch(TV, E1),
        Watch(TV, DARK_1),
        Progress(TV, E2, played_seconds=1.0),
        Progress(TV, E2, slots_ago=9),
        Watch(BOB, E2),
        Recall(TV, SHELF),
        Recall(TV, SHOW, slots_ago=9),
    ],
)
def test_these_do_not(more: Step) -> None:
    assert dismissed(Dismiss(TV, SHOW), more) == [SHOW]


def test_it_is_what_stands_below_now_that_brings_it_back() -> None:
    moved: list[Step] = [Dismiss(TV, SHOW), Watch(TV, DARK_1)]
    assert dismissed(*moved, Put("season:da1", SHOW)) == []


def test_dismissals_are_listed_newest_first_and_only_those_that_are_seen() -> None:
    assert dismissed(Dismiss(TV, ALIEN), Dismiss(PHONE, DARK)) == [DARK, ALIEN]
    assert dismissed(Dismiss(TV, ALIEN), Dismiss(TV, DARK), Dismiss(TV, ALIEN)) == [ALIEN, DARK]
    assert dismissed(Dismiss(TV, ALIEN), Hide(FILMS)) == []


def test_a_dismissal_follows_the_modes() -> None:
    silent = ChangeMode(PHONE, IsolationMode.SILO)
    assert dismissed(Dismiss(PHONE, ALIEN), silent) == []


def test_a_work_is_dismissed_as_one() -> None:
    linked: list[Step] = [Link(ALIEN, BRAZIL), Dismiss(TV, ALIEN)]
    assert next_up(*linked).unwatched_movie == []
    assert dismissed(*linked) == [ALIEN]
    assert dismissed(*linked, Recall(TV, BRAZIL)) == []
    assert dismissed(*linked, Progress(TV, BRAZIL)) == []


def test_what_stands_under_a_dismissed_show_is_dismissed_in_every_other() -> None:
    twins: list[Step] = [Link(E2, DARK_1), Progress(TV, DARK_1), Dismiss(TV, SHOW)]
    assert after(*HERE, *twins).in_progress(TV) == []

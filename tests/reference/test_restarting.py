"""Rule 28: a show, a season or a shelf of shows begun anew, and nothing rewritten."""

import pytest

from domain.events import IsolationMode
from tests.reference.examples import (
    DARK,
    DARK_1,
    DARK_2,
    E1,
    E2,
    E3,
    E4,
    E5,
    PHONE,
    SEASON,
    SEASON_2,
    SHELF,
    SHOW,
    TV,
    after,
    answer,
    finish,
    put,
)
from tests.reference.model import Rewatch
from tests.reference.steps import ChangeMode, Hide, Link, Progress, Restart, Step, Unwatch, Watch

HERE = put(E1, E2, E3, E4, E5, DARK_1, DARK_2)
SEEN: list[Step] = [*HERE, Watch(TV, SHOW)]


def next_episodes(*steps: Step) -> list[tuple[str, str | None]]:
    return [entry[:2] for entry in after(*steps).next_up(TV).next_episode]


def rewatch(item: str, *steps: Step) -> Rewatch | None:
    return answer(after(*steps), item)["rewatch"]


def test_a_watched_show_begins_anew_with_its_first_episode() -> None:
    assert next_episodes(*SEEN) == []
    reference = after(*SEEN, Restart(TV, SHOW))
    assert reference.next_up(TV).next_episode == [(E1, None, reference.log[-1].at_us)]


def test_nothing_is_rewritten() -> None:
    before, anew = after(*SEEN), after(*SEEN, Restart(TV, SHOW))
    show = answer(anew, SHOW)
    assert (show["watched"], show["watched_leaves"], show["plays"]) == (True, 5, 0)
    assert anew.plays(TV) == before.plays(TV)
    assert anew.decider(TV, E1) == before.decider(TV, E1)


def test_what_is_watched_since_is_the_anchor_again() -> None:
    assert next_episodes(*SEEN, Restart(TV, SHOW), finish(TV, E1)) == [(E2, E1)]


def test_a_season_begun_anew_begins_with_its_own_first_episode() -> None:
    assert next_episodes(*SEEN, Restart(TV, SEASON_2)) == [(E4, None)]
    assert next_episodes(*HERE, Watch(TV, E1), Watch(TV, E4), Restart(TV, SEASON_2)) == [(E4, None)]


def test_a_season_with_nothing_left_to_offer_gives_way_to_the_first_candidate() -> None:
    left = [*HERE, Watch(TV, E2), Restart(TV, SEASON_2), Hide(SEASON_2)]
    assert next_episodes(*left) == [(E1, None)]


def test_an_older_restart_has_no_say() -> None:
    assert next_episodes(*HERE, Watch(TV, E2), Restart(TV, SHOW, slots_ago=9)) == [(E3, E2)]


def test_a_shelf_begun_anew_begins_only_what_was_ever_watched() -> None:
    assert next_episodes(*SEEN, Restart(TV, SHELF)) == [(E1, None)]
    assert next_episodes(*SEEN, Unwatch(TV, SHOW), Restart(TV, SHELF)) == [(E1, None)]
    assert next_episodes(*HERE, Progress(TV, E2), Unwatch(TV, E2), Restart(TV, SHELF)) == []


def test_shows_that_one_restart_began_stand_in_their_own_order() -> None:
    both = [*SEEN, Watch(TV, DARK), Restart(TV, SHELF)]
    assert next_episodes(*both) == [(DARK_1, None), (E1, None)]


def test_a_show_that_nobody_watched_can_be_begun() -> None:
    assert next_episodes(*HERE, Restart(TV, DARK)) == [(DARK_1, None)]


def test_what_was_in_progress_before_a_restart_is_left_behind() -> None:
    begun = after(*SEEN, Progress(TV, E3), Restart(TV, SHOW))
    assert begun.next_up(TV).in_progress == []
    assert begun.next_up(TV).next_episode[0][0] == E1
    assert [item for item, _ in begun.in_progress(TV)] == [E3]
    since = after(*SEEN, Restart(TV, SHOW), Progress(TV, E3)).next_up(TV)
    assert [item for item, _ in since.in_progress] == [E3]


def test_a_container_says_since_when_it_is_watched_anew_and_how_much_of_it_was() -> None:
    assert rewatch(SHOW, *SEEN) is None
    steps = [*SEEN, Restart(TV, SHOW), Watch(PHONE, E1), finish(TV, E4)]
    since_us = after(*SEEN, Restart(TV, SHOW)).log[-1].at_us
    assert rewatch(SHOW, *steps) == {"since_us": since_us, "watched_leaves": 2}
    assert rewatch(SEASON, *steps) == {"since_us": since_us, "watched_leaves": 1}
    assert rewatch(SHELF, *steps) is None
    assert rewatch(E1, *steps) is None


def test_of_several_restarts_the_newest_at_or_above_counts() -> None:
    anew: list[Step] = [Restart(TV, SHOW), finish(TV, E1), finish(TV, E4), Restart(TV, SEASON)]
    steps = [*SEEN, *anew]
    show, season = rewatch(SHOW, *steps), rewatch(SEASON, *steps)
    assert show is not None
    assert season is not None
    assert (show["watched_leaves"], season["watched_leaves"]) == (1, 0)
    assert season["since_us"] > show["since_us"]


def test_a_restart_follows_the_modes() -> None:
    restarted = [*SEEN, Restart(PHONE, SHOW)]
    assert next_episodes(*restarted) == [(E1, None)]
    assert next_episodes(*restarted, ChangeMode(PHONE, IsolationMode.SILO)) == []


def test_an_episode_that_is_one_work_with_another_is_begun_anew_with_its_show() -> None:
    seen: list[Step] = [*HERE, Link(E1, DARK_1), Watch(TV, E1), Watch(TV, DARK_2)]
    assert next_episodes(*seen)[0] == ("episode:ex1e2", E1)
    assert next_episodes(*seen, Restart(TV, DARK)) == [(DARK_1, None)]


@pytest.mark.parametrize("item", [SHELF, SHOW, SEASON])
def test_a_late_restart_counts_from_when_it_was_said(item: str) -> None:
    assert next_episodes(*SEEN, finish(TV, E1), Restart(TV, item, slots_ago=2)) == [(E2, E1)]


def test_a_mark_without_a_time_is_nothing_new_after_a_restart_either() -> None:
    restarted = [*SEEN, Restart(TV, SHOW)]
    assert next_episodes(*restarted, Watch(TV, E1)) == [(E1, None)]
    assert next_episodes(*restarted, Watch(TV, E1, slots_ago=0)) == [(E2, E1)]

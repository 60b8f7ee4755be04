"""Rule 14: next up."""

from domain.events import AccessChanged, Details
from tests.reference.examples import (
    ALIEN,
    BRAZIL,
    COCO,
    DARK,
    DARK_1,
    DARK_2,
    DARK_SEASON,
    E1,
    E2,
    E3,
    E4,
    E5,
    FILMS,
    PHONE,
    SEASON,
    SEASON_2,
    SHELF,
    SHOW,
    SPECIAL,
    TALK,
    TV,
    after,
    finish,
    put,
)
from tests.reference.steps import (
    ChangeAccess,
    Hide,
    Progress,
    Put,
    Restore,
    Step,
    Unwatch,
    Watch,
)

EPISODES = put(E1, E2, E3, E4, E5, SPECIAL)


def next_episodes(*steps: Step) -> list[str]:
    return [episode for episode, _, _ in after(*steps).next_up(TV).next_episode]


def test_the_next_episode_comes_after_the_one_watched_last() -> None:
    reference = after(*EPISODES, Watch(TV, E1), Watch(PHONE, E2))
    assert reference.next_up(TV).next_episode == [(E3, E2, reference.log[-1].at_us)]


def test_it_crosses_into_the_next_season() -> None:
    assert next_episodes(*EPISODES, Watch(TV, E3)) == [E4]


def test_watched_out_of_order_the_newest_is_the_anchor_and_not_the_highest() -> None:
    assert next_episodes(*EPISODES, Watch(TV, E4), Watch(TV, E1)) == [E2]
    assert next_episodes(*EPISODES, Watch(TV, E1), Watch(TV, E4, slots_ago=5)) == [E2]


def test_after_the_last_the_first_unwatched_is_next() -> None:
    assert next_episodes(*EPISODES, Watch(TV, E2), Watch(TV, E5)) == [E1]


def test_a_special_comes_only_when_nothing_else_is_left() -> None:
    assert next_episodes(*EPISODES, Watch(TV, E5)) == [E1]
    assert next_episodes(*EPISODES, Watch(TV, SEASON), Watch(TV, SEASON_2)) == [SPECIAL]
    assert next_episodes(*EPISODES, Watch(TV, SPECIAL)) == [E1]


def test_a_season_without_index_holds_specials() -> None:
    dark = put(DARK_1, DARK_2, "episode:da-extra")
    assert next_episodes(*dark, Watch(TV, DARK_1)) == [DARK_2]
    assert next_episodes(*dark, Watch(TV, DARK_SEASON)) == ["episode:da-extra"]


def test_a_show_that_is_watched_or_untouched_has_no_next_episode() -> None:
    assert next_episodes(*EPISODES, Watch(TV, SHOW)) == []
    assert next_episodes(*EPISODES, Unwatch(TV, E1)) == []


def test_of_several_that_one_event_decided_the_last_is_the_anchor() -> None:
    reference = after(*EPISODES, Watch(TV, SEASON))
    assert reference.next_up(TV).next_episode[0][:2] == (E4, E3)


def test_a_hidden_anchor_still_counts() -> None:
    reference = after(*EPISODES, Watch(TV, E2), Hide(E2))
    assert reference.next_up(TV).next_episode[0][:2] == (E3, E2)


def test_a_hidden_episode_is_not_offered() -> None:
    assert next_episodes(*EPISODES, Watch(TV, E1), Hide(E2)) == [E3]
    assert next_episodes(*EPISODES, Watch(TV, E1), Hide(SHOW)) == []
    assert next_episodes(*EPISODES, Watch(TV, E1), Hide(E2), Restore(E2)) == [E2]


def test_a_show_in_progress_has_no_next_episode_until_that_is_hidden() -> None:
    begun = [*EPISODES, Watch(TV, E1), Progress(TV, E3)]
    assert next_episodes(*begun) == []
    assert next_episodes(*begun, Hide(E3)) == [E2]


def test_a_withheld_episode_is_neither_anchor_nor_offered() -> None:
    no_gore = ChangeAccess("ann", AccessChanged(denied_tags=("gore",)))
    assert next_episodes(*EPISODES, Watch(TV, E1), Watch(TV, E5), no_gore) == [E2]
    assert next_episodes(*EPISODES, Watch(TV, E5), no_gore) == []
    assert next_episodes(*EPISODES, Watch(TV, E4), no_gore) == [E1]


def test_the_newest_anchor_comes_first_and_show_order_settles_ties() -> None:
    both = [*put(E1, E2, DARK_1, DARK_2)]
    assert next_episodes(*both, Watch(TV, DARK_1), Watch(TV, E1)) == [E2, DARK_2]
    tie = [*both, Watch(TV, SHELF), *put(E3, "episode:da-extra")]
    assert next_episodes(*tie) == ["episode:da-extra", E3]
    swapped = [Put(DARK, details=Details(index=3))]
    assert next_episodes(*tie, *swapped) == [E3, "episode:da-extra"]


def test_in_progress_holds_only_the_newest_of_each_show() -> None:
    begun: list[Step] = [Progress(TV, item) for item in (E1, DARK_1, ALIEN, TALK, E2)]
    reference = after(*EPISODES, *put(DARK_1, ALIEN, BRAZIL, TALK), *begun)
    shown = [item for item, _ in reference.next_up(TV).in_progress]
    assert shown == [E2, TALK, ALIEN, DARK_1]
    assert len(reference.in_progress(TV)) == 5


def in_progress(*steps: Step) -> list[str]:
    return [item for item, _ in after(*steps).next_up(TV).in_progress]


def test_an_episode_left_at_88_percent_is_behind_whoever_has_gone_on() -> None:
    skipped = Progress(TV, E1, played_seconds=1056.0)
    assert in_progress(*EPISODES, skipped) == [E1]
    reference = after(*EPISODES, skipped, finish(TV, E2))
    assert reference.next_up(TV).in_progress == []
    assert reference.next_up(TV).next_episode[0][:2] == (E3, E2)
    assert [item for item, _ in reference.in_progress(TV)] == [E1]


def test_what_is_taken_up_again_after_going_on_is_in_progress() -> None:
    assert in_progress(*EPISODES, Watch(TV, E2), Progress(TV, E1)) == [E1]


def test_an_older_episode_is_not_offered_in_place_of_one_that_is_left_behind() -> None:
    begun: list[Step] = [Progress(TV, E1), Progress(TV, E2), Watch(TV, E3)]
    assert in_progress(*EPISODES, *begun) == []
    assert in_progress(*EPISODES, *begun[:2]) == [E2]


def test_a_special_watched_meanwhile_leaves_nothing_behind() -> None:
    watched = [*EPISODES, Watch(TV, E1), Progress(TV, E2)]
    assert in_progress(*watched, Watch(TV, SPECIAL)) == [E2]
    assert in_progress(*EPISODES, Progress(TV, E2), Watch(TV, SPECIAL)) == []


def test_a_hidden_anchor_leaves_behind_and_a_withheld_one_does_not() -> None:
    begun = [*EPISODES, Progress(TV, E1), Watch(TV, E5)]
    assert in_progress(*begun, Hide(E5)) == []
    no_gore = ChangeAccess("ann", AccessChanged(denied_tags=("gore",)))
    assert in_progress(*begun, no_gore) == [E1]


def test_a_film_is_left_behind_by_nothing() -> None:
    begun: list[Step] = [*put(ALIEN, BRAZIL), Progress(TV, ALIEN), Watch(TV, BRAZIL)]
    assert in_progress(*begun) == [ALIEN]


def test_unwatched_movies_come_latest_placed_first() -> None:
    movies = [*put(BRAZIL, ALIEN, COCO)]
    assert after(*movies, Watch(TV, COCO)).next_up(TV).unwatched_movie == [ALIEN, BRAZIL]
    moved = after(*movies, Watch(TV, COCO), Put(BRAZIL, "movie_shelf:more"))
    assert moved.next_up(TV).unwatched_movie == [ALIEN, BRAZIL]


def test_movies_in_progress_hidden_or_watched_through_the_shelf_are_not_offered() -> None:
    movies = [*put(BRAZIL, ALIEN, COCO)]
    reference = after(*movies, Progress(TV, BRAZIL), Hide(COCO))
    assert reference.next_up(TV).unwatched_movie == [ALIEN]
    assert after(*movies, Watch(TV, FILMS)).next_up(TV).unwatched_movie == [COCO]

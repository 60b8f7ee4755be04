"""Rule 24: one film under two names, one file with two episodes."""

from domain.events import AccessChanged, Details, IsolationMode
from tests.reference.examples import (
    ALIEN,
    BRAZIL,
    COCO,
    DARK,
    DARK_1,
    DARK_2,
    E1,
    E2,
    E3,
    FILMS,
    PHONE,
    SEASON,
    SHOW,
    TV,
    after,
    answer,
    finish,
    put,
)
from tests.reference.steps import (
    ChangeAccess,
    ChangeMode,
    Hide,
    Link,
    Progress,
    Put,
    Step,
    Unlink,
    Unwatch,
    Watch,
)

IN_4K, IN_1080P = ALIEN, COCO
"""One film on two shelves."""
FILM: list[Step] = [*put(IN_4K, IN_1080P, BRAZIL), Link(IN_4K, IN_1080P)]
MORE = "movie_shelf:more"


def test_what_is_said_of_the_4k_file_is_said_of_the_1080p_one() -> None:
    reference = after(*FILM, Watch(TV, IN_4K))
    assert reference.watched(TV, IN_1080P)
    assert reference.decider(TV, IN_1080P) == reference.log[-1]
    assert not after(*FILM, Watch(TV, IN_4K), Unwatch(PHONE, IN_1080P)).watched(TV, IN_4K)


def test_it_can_be_begun_in_one_edition_and_ended_in_the_other() -> None:
    begun = after(*FILM, Progress(TV, IN_4K))
    assert answer(begun, IN_1080P)["in_progress"] == answer(begun, IN_4K)["in_progress"]
    assert after(*FILM, Progress(TV, IN_4K), finish(PHONE, IN_1080P)).in_progress(TV) == []


def test_whether_it_is_complete_is_asked_of_the_item_that_was_played() -> None:
    long = Put(IN_1080P, details=Details(runtime_seconds=9999.0))
    assert after(*FILM, long, finish(TV, IN_4K)).watched(TV, IN_1080P)


def test_a_link_holds_for_what_was_said_before() -> None:
    reference = after(*put(IN_4K, IN_1080P), Watch(TV, IN_4K), Link(IN_1080P, IN_4K))
    assert reference.watched(TV, IN_1080P)
    assert not reference.as_of(reference.log[-1].position - 1).watched(TV, IN_1080P)


def test_links_join_whole_works_and_an_unlinked_item_is_one_of_its_own() -> None:
    three = [*FILM, Link(BRAZIL, IN_1080P)]
    assert answer(after(*three, Watch(TV, BRAZIL)), IN_4K)["work"] == [BRAZIL, IN_1080P]
    apart = after(*three, Watch(TV, BRAZIL), Unlink(IN_4K))
    assert answer(apart, IN_4K)["work"] == []
    assert answer(apart, BRAZIL)["work"] == [IN_1080P]
    assert not apart.watched(TV, IN_4K)


def test_a_replaced_file_that_came_back_under_another_name_has_lost_nothing() -> None:
    replaced: list[Step] = [Watch(TV, IN_4K), Hide(IN_4K)]
    film = answer(after(*FILM, *replaced), IN_1080P)
    assert (film["watched"], film["plays"], film["work"]) == (True, 1, [])


def test_a_container_counts_items_and_not_works() -> None:
    both: list[Step] = [Put(IN_1080P, FILMS), Watch(TV, IN_4K)]
    shelf = answer(after(*FILM, *both), FILMS)
    assert (shelf["leaves"], shelf["watched_leaves"], shelf["plays"]) == (3, 2, 2)


def test_a_mark_on_a_container_speaks_about_the_works_of_what_stood_there() -> None:
    assert after(*FILM, Watch(TV, MORE)).watched(TV, IN_4K)


def test_lists_name_a_work_once() -> None:
    begun = after(*FILM, Progress(TV, IN_1080P))
    assert [item for item, _ in begun.in_progress(TV)] == [IN_1080P]
    assert [item for item, _ in begun.next_up(TV).in_progress] == [IN_1080P]
    new = [*FILM, ChangeMode(TV, IsolationMode.LOUD)]
    assert after(*new).next_up(TV).unwatched_movie == [BRAZIL, IN_1080P]
    assert after(*new, Hide(IN_1080P)).next_up(TV).unwatched_movie == [BRAZIL, IN_4K]


def test_what_was_played_on_a_file_that_is_gone_goes_on_with_the_other() -> None:
    begun = after(*FILM, Progress(TV, IN_1080P), Hide(IN_1080P))
    assert [item for item, _ in begun.in_progress(TV)] == [IN_4K]


def test_a_play_on_what_is_withheld_is_shown_with_what_may_be_seen() -> None:
    limits = ChangeAccess("ann", AccessChanged(allowed_shelves=(MORE,)))
    reference = after(*FILM, Watch(TV, IN_4K), limits)
    assert [play.item for play in reference.plays(TV)] == [IN_1080P]
    why = reference.why(TV, IN_1080P)
    assert why is not None
    assert (why.decider, why.completions) == (None, [])


# Episodes of two shows: the seasons of a show that a library sorts in two ways.

SHOWS = [*put(E1, E2, E3, DARK_1, DARK_2), Link(E2, DARK_1)]


def test_an_episode_of_two_shows_is_left_behind_in_both() -> None:
    assert [i for i, _ in after(*SHOWS, Progress(TV, E2)).next_up(TV).in_progress] == [E2]
    for further in (E3, DARK_2):
        assert after(*SHOWS, Progress(TV, E2), Watch(TV, further)).next_up(TV).in_progress == []


def test_an_episode_of_two_shows_must_be_the_newest_in_both() -> None:
    begun = after(*SHOWS, Progress(TV, E2), Progress(TV, DARK_2)).next_up(TV)
    assert [item for item, _ in begun.in_progress] == [DARK_2]
    assert begun.next_episode == []


def test_an_episode_that_comes_next_in_two_shows_is_named_by_the_first_of_them() -> None:
    both = [*SHOWS, *put("episode:da-extra"), Put(DARK_1, details=Details(index=9))]
    reference = after(*both, Watch(TV, DARK_2), Watch(TV, E1))
    assert reference.next_up(TV).next_episode == [(E2, E1, reference.log[-1].at_us)]


def test_watching_it_moves_both_shows_on() -> None:
    reference = after(*SHOWS, Watch(TV, E2))
    assert [entry[:2] for entry in reference.next_up(TV).next_episode] == [
        (DARK_2, DARK_1),
        (E3, E2),
    ]
    assert answer(reference, SHOW)["watched_leaves"] == 1
    assert answer(reference, DARK)["watched_leaves"] == 1


def test_one_file_with_two_episodes_is_watched_once_and_moves_on_past_both() -> None:
    file = [*put(E1, E2, E3), Link(E1, E2), finish(TV, E1)]
    reference = after(*file)
    assert answer(reference, SEASON)["watched_leaves"] == 2
    assert reference.next_up(TV).next_episode[0][:2] == (E3, E2)
    assert len(reference.plays(TV)) == 1

"""Rules 4 to 7: places, hiding, standing under, and what a mark on a container speaks about."""

from domain.events import Details
from tests.reference.examples import (
    ALIEN,
    BRAZIL,
    DARK,
    E1,
    E2,
    E3,
    PHONE,
    SEASON,
    SEASON_2,
    SHELF,
    SHOW,
    TV,
    after,
    events_of,
    put,
)
from tests.reference.steps import Hide, Put, Restore, Step, Unwatch, Watch

HERE: list[Step] = [*put(E1, E2), Watch(TV, SHOW), Put(E3)]


def test_an_edit_leaves_the_placement_alone() -> None:
    reference = after(*put(E1), Put(E1, details=Details(index=9, title="New title")))
    assert reference.catalog.items[E1].since == 4


def test_a_move_places_anew() -> None:
    reference = after(*put(E1), Put(E1, SEASON_2))
    assert reference.catalog.path(E1) == [E1, SEASON_2, SHOW, SHELF]
    assert reference.catalog.items[E1].since == 6


def test_what_stood_under_an_item_then_is_told_by_the_version() -> None:
    reference = after(*put(E1), Put(E1, SEASON_2))
    assert reference.catalog_at(5).stands_under(E1, SEASON)
    assert not reference.catalog_at(6).stands_under(E1, SEASON)
    assert reference.catalog_at(3).leaves(SHOW) == []


def test_hiding_hides_all_below() -> None:
    reference = after(*put(E1, E2), Watch(TV, E1), Hide(SEASON))
    assert reference.items(TV) == [SHELF, SHOW]
    assert reference.item(TV, E1) is None


def test_a_replaced_file_has_lost_nothing() -> None:
    gone = [*put(E1, E2), Watch(TV, E1), Hide(E1), Watch(PHONE, E2)]
    for back in (Restore(E1), Put(E1), Put(E1, SEASON_2), Put(E1, details=Details(index=7))):
        reference = after(*gone, back)
        answer = reference.item(TV, E1)
        assert answer is not None
        assert answer["watched"]
        assert answer["plays"] == 1


def test_an_item_under_a_hidden_one_comes_back_with_it_unless_hidden_itself() -> None:
    reference = after(*put(E1, E2), Watch(TV, E1), Hide(E2), Hide(SHOW), Restore(SHOW))
    assert reference.items(TV) == [SHELF, SHOW, SEASON, E1]


def test_events_on_hidden_items_count_once_they_are_back() -> None:
    reference = after(*put(E1, E2), Hide(SEASON), Watch(TV, E1), Restore(SEASON))
    assert reference.watched(TV, E1)


def test_siblings_stand_by_index_and_then_by_code_point() -> None:
    described = [Put(E3, details=Details()), Put(E2, details=Details(index=0))]
    reference = after(*put(E1, E2, E3), Watch(TV, E1), *described)
    assert reference.children(TV, SEASON) == [E2, E3, E1]


def test_a_mark_on_a_container_speaks_of_what_stood_under_it() -> None:
    reference = after(*HERE)
    assert [reference.watched(TV, e) for e in (E1, E2, E3)] == [True, True, False]


def test_what_moves_in_later_was_not_spoken_of() -> None:
    reference = after(*put(E1, E2), Put(DARK), Watch(TV, DARK), Put(SEASON, DARK))
    assert not reference.watched(TV, E1)


def test_what_moves_out_keeps_what_was_said() -> None:
    reference = after(*put(E1, E2), Watch(TV, SHOW), Put(DARK), Put(SEASON, DARK))
    assert reference.watched(TV, E1)
    assert after(*put(E1, E2), Watch(TV, SHOW), Put(E1, SEASON_2)).watched(TV, E1)


def test_a_mark_on_a_container_speaks_of_hidden_items_too() -> None:
    reference = after(*put(E1, E2), Hide(E1), Watch(TV, SEASON), Restore(E1))
    assert reference.watched(TV, E1)


def test_a_season_marked_offline_does_not_mean_the_episode_that_came_meanwhile() -> None:
    late = [*put(E1, E2), Unwatch(PHONE, E2), Put(E3), Watch(TV, SEASON, slots_ago=3)]
    reference = after(*late)
    assert [reference.watched(TV, e) for e in (E1, E2, E3)] == [True, False, False]


def test_what_has_left_a_season_since_it_was_marked_offline_is_meant() -> None:
    late = Watch(TV, SEASON, slots_ago=3)
    reference = after(*put(E1, E2), Put(E1, SEASON_2), Put(E3), late)
    assert reference.about(reference.log[-1]) == [E1, E2]


def test_an_old_history_means_what_the_library_holds_now() -> None:
    for old in (Watch(TV, SEASON, slots_ago=99), Watch(TV, SEASON, undated=True)):
        assert after(*put(E1, E2), old).watched(TV, E2)


def test_a_mark_from_before_its_container_was_known_means_what_stands_there_now() -> None:
    reference = after(Put(SHOW), Put(E1), Put(E2), Watch(TV, SEASON, slots_ago=3))
    assert [reference.watched(TV, e) for e in (E1, E2)] == [True, True]


def test_a_clock_that_is_ahead_means_no_more_than_what_is_recorded() -> None:
    reference = after(*put(E1), Watch(TV, SEASON, slots_ago=-9), Put(E2))
    assert [reference.watched(TV, e) for e in (E1, E2)] == [True, False]


def test_a_watchable_item_may_be_spoken_of_before_it_is_known() -> None:
    reference = after(Watch(TV, ALIEN), *put(ALIEN, BRAZIL))
    assert reference.watched(TV, ALIEN)
    assert not reference.watched(TV, BRAZIL)


def test_a_mark_on_an_unknown_container_is_refused_and_can_be_sent_again() -> None:
    assert events_of(after(Watch(TV, SEASON), Unwatch(TV, SHOW), *put(E1)), TV) == []
    assert after(Watch(TV, SEASON), *put(E1), Watch(TV, SEASON)).watched(TV, E1)

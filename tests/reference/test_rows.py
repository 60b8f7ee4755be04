"""Rules 16 to 19: what rows must say, and which rows the roll-up gives."""

import pytest

from domain.events import Details
from domain.instants import from_us
from tests.reference.examples import (
    ALIEN,
    BRAZIL,
    COCO,
    DARK,
    DARK_1,
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
    TV,
    after,
    put,
)
from tests.reference.rows import Row, check_rows, rolled_up
from tests.reference.steps import Hide, Link, Progress, Put, Step, Unlink, Unwatch, Watch
from tests.reference.world import BEGIN_US, SLOT_US

TWO_SEASONS = put(E1, E2, E4, E5)
"""The season's placements are versions 4 and 5, those of season 2 are 7 and 8."""


def rows_after(*steps: Step) -> set[Row]:
    reference = after(*steps)
    rows = rolled_up(reference, reference.group(TV))
    check_rows(reference, reference.group(TV), rows)
    return rows


def refused(rows: set[Row], *steps: Step) -> str:
    reference = after(*steps)
    with pytest.raises(AssertionError) as refusal:
        check_rows(reference, reference.group(TV), rows)
    return str(refusal.value)


def test_a_watched_item_without_a_row_is_refused() -> None:
    assert f"{E1} is watched, but no row covers it" in refused(set(), *TWO_SEASONS, Watch(TV, E1))


def test_a_row_on_what_is_not_watched_is_refused() -> None:
    assert f"{E1} isn't watched" in refused({(E1, 8)}, *TWO_SEASONS, Unwatch(TV, E1))


def test_a_row_dated_past_an_unwatched_placement_is_refused() -> None:
    steps = [*TWO_SEASONS, Watch(TV, SEASON), Put(E3)]
    assert f"{E3} isn't watched" in refused({(SEASON, 9)}, *steps)
    assert rows_after(*steps) == {(SEASON, 5)}


def test_a_row_for_an_unknown_item_speaks_for_itself() -> None:
    assert rows_after(Watch(TV, E1)) == {(E1, 0)}
    assert f"{E2} isn't watched" in refused({(E1, 0), (E2, 0)}, Watch(TV, E1))


def test_rows_that_are_not_rolled_up_are_refused() -> None:
    steps = [*TWO_SEASONS, Watch(TV, E1), Watch(TV, E2)]
    assert f"all under {SEASON}" in refused({(E1, 8), (E2, 8)}, *steps)
    assert f"yet there are [('{E1}', 8)]" in refused({(E1, 8), (SEASON, 5)}, *steps)


def test_a_row_may_stand_above_the_container_it_completes() -> None:
    reference = after(*TWO_SEASONS, Watch(TV, SHELF))
    check_rows(reference, reference.group(TV), {(SHELF, 8)})


def test_a_container_that_nobody_touched_is_rolled_up_too() -> None:
    assert rows_after(Watch(TV, E1), *put(E1)) == {(SHELF, 4)}
    watched = [*put(ALIEN, COCO), Watch(TV, ALIEN)]
    assert rows_after(*watched) == {(FILMS, 2)}
    assert rows_after(*watched, Put(ALIEN, "movie_shelf:more")) == {(ALIEN, 4)}
    moved = [Put(ALIEN, "movie_shelf:more"), Put(COCO, FILMS)]
    assert rows_after(*watched, *moved) == {("movie_shelf:more", 5)}


def test_episode_by_episode_rows_collapse_into_season_show_and_shelf() -> None:
    marks: list[Step] = [Watch(TV, item) for item in (E1, E2, E4, E5)]
    assert rows_after(*TWO_SEASONS, *marks[:1]) == {(E1, 8)}
    assert rows_after(*TWO_SEASONS, *marks[:2]) == {(SEASON, 5)}
    assert rows_after(*TWO_SEASONS, *marks[:3]) == {(SEASON, 5), (E4, 8)}
    assert rows_after(*TWO_SEASONS, *marks) == {(SHELF, 8)}


def test_a_leafs_row_has_the_version_that_a_mark_on_a_container_means() -> None:
    marked = [*put(E1, E2, E3), Watch(TV, SEASON, slots_ago=1), Unwatch(TV, E1)]
    assert rows_after(*marked) == {(E2, 6), (E3, 6)}
    late = [*put(E1, E2, E3, E4), Watch(TV, SEASON, slots_ago=2), Unwatch(TV, E1)]
    assert rows_after(*late) == {(E2, 6), (E3, 6)}
    own = [*put(E1, E2, E4), Watch(TV, E2, slots_ago=2)]
    assert rows_after(*own) == {(E2, 7)}


def test_an_episode_that_is_watched_through_its_twin_completes_the_twins_season_too() -> None:
    twins = [*put(E1, DARK_1), Link(E1, DARK_1)]
    assert rows_after(*twins, Watch(TV, DARK_1)) == {(SHELF, 7)}
    assert rows_after(*twins, Watch(TV, DARK_1), Unlink(E1)) == {(DARK, 7)}


def test_rows_know_no_clock() -> None:
    due = Put(E2, details=Details(released_at=from_us(BEGIN_US + 99 * SLOT_US)))
    steps: list[Step] = [Put(E1), due, Watch(TV, SEASON)]
    assert rows_after(*steps) == {(E1, 5)}
    assert rows_after(*steps, Watch(TV, E2)) == {(SHELF, 5)}


def test_a_new_episode_is_not_born_watched_and_touches_no_row() -> None:
    before = rows_after(*TWO_SEASONS, Watch(TV, SHELF))
    assert rows_after(*TWO_SEASONS, Watch(TV, SHELF), Put(E3)) == before == {(SHELF, 8)}


def test_hiding_touches_no_row() -> None:
    steps = [*TWO_SEASONS, Watch(TV, SEASON), Watch(TV, E4)]
    assert rows_after(*steps, Hide(E5), Hide(SEASON)) == rows_after(*steps)


def test_watching_an_old_movie_again_leaves_the_shelfs_row() -> None:
    steps = [*put(ALIEN), Watch(TV, FILMS), *put(BRAZIL)]
    assert rows_after(*steps, Watch(TV, ALIEN)) == rows_after(*steps) == {(FILMS, 2)}


def test_rows_do_not_depend_on_the_path() -> None:
    steps = [*TWO_SEASONS, Watch(TV, SEASON), *put(E3)]
    in_order = rows_after(*steps, Unwatch(TV, E1), Watch(TV, E1))
    assert in_order == rows_after(*steps, Watch(TV, E1), Unwatch(TV, E1, 2)) == {(SEASON, 5)}


def test_of_two_devices_container_marks_the_one_over_more_still_counts() -> None:
    phone = Watch(PHONE, SEASON, slots_ago=9)
    reference = after(*put(E1, E2), Watch(TV, SEASON), *put(E3), phone)
    assert reference.decider(TV, E3) == reference.log[-1]
    assert reference.decider(TV, E1) != reference.log[-1]
    assert rows_after(*put(E1, E2), Watch(TV, SEASON), *put(E3), phone) == {(SHELF, 6)}


def test_what_moved_out_keeps_the_mark_that_a_newer_one_hid() -> None:
    older, newer = Watch(TV, SEASON), Watch(TV, SEASON)
    steps = [*put(E1, E2, E4), older, Put(E1, SEASON_2), newer]
    reference = after(*steps)
    assert reference.watched(TV, E1)
    assert rows_after(*steps) == {(SEASON, 5), (E1, 7)}


def test_moving_an_unwatched_episode_out_can_complete_a_season() -> None:
    steps = [*put(E1, E2, E4), Watch(TV, E1)]
    assert rows_after(*steps) == {(E1, 7)}
    assert rows_after(*steps, Put(E2, SEASON_2)) == {(SEASON, 4)}


def test_a_late_watch_of_a_show_completes_a_season_that_nobody_touched() -> None:
    unwatched = [*put(E1, E4, E5), Unwatch(TV, E4)]
    assert rows_after(*unwatched, Watch(TV, SHOW, slots_ago=2)) == {(SEASON, 4), (E5, 7)}


def test_after_a_season_moves_its_episodes_stand_there_since_then() -> None:
    steps = [*put(E1, E2, "episode:da1e1"), Watch(TV, E1), Watch(TV, "episode:da1e1")]
    moved = rows_after(*steps, Put(SEASON, "show:dark"))
    assert moved == {(SHELF, 8), (E1, 8)}


def test_rows_may_overlap() -> None:
    steps = [*put(E1, "episode:da1e1"), Watch(TV, SHELF), *put("episode:da1e2"), *put(E2)]
    assert rows_after(*steps, Watch(TV, E2)) == {(SHELF, 7), (SHOW, 9)}


def test_a_complete_shelf_falls_apart_into_rows_that_still_say_the_rest() -> None:
    assert rows_after(*TWO_SEASONS, Watch(TV, SHELF), Unwatch(TV, E4)) == {(SEASON, 5), (E5, 8)}
    unwatched = rows_after(*TWO_SEASONS, Watch(TV, SHELF), Unwatch(TV, E1))
    assert unwatched == {(E2, 8), (SEASON_2, 8)}


def test_progress_that_is_only_started_makes_no_row() -> None:
    assert rows_after(*TWO_SEASONS, Progress(TV, E1)) == set()

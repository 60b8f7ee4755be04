"""What media servers of today get wrong, one example each, from a player's event to the answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest
from sqlalchemy import Engine, select

from domain.events import AccessChanged, Details, IsolationMode
from domain.next_up import Section, next_up
from domain.viewer import ItemAnswer, Viewer
from projections.plays import WatchCount
from projections.watched import Watched
from tests.helpers.stage import Stage
from tests.reference.examples import (
    ALIEN,
    BRAZIL,
    E1,
    E2,
    E3,
    E4,
    FILMS,
    LAPTOP,
    PHONE,
    SEASON,
    SEASON_2,
    SHELF,
    SHOW,
    SPECIAL,
    TV,
    put,
)
from tests.reference.steps import (
    ChangeAccess,
    ChangeMode,
    Hide,
    Progress,
    Put,
    Restore,
    Step,
    Unwatch,
    Watch,
)

HOUR_SLOTS = 12
FINISHED_SECONDS = 1190.0


class Seen(NamedTuple):
    watched: bool
    watched_leaves: int
    leaves: int


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def stage(engine: Engine) -> Stage:
    return Stage(engine)


@contextmanager
def viewing(stage: Stage, cduid: str) -> Iterator[Viewer]:
    with stage.reader.snapshot() as snapshot:
        yield snapshot.viewer(cduid)


def answer(stage: Stage, cduid: str, item: str) -> ItemAnswer:
    with viewing(stage, cduid) as viewer:
        found = viewer.answer(item)
    assert found is not None
    return found


def seen(stage: Stage, cduid: str, item: str) -> Seen:
    found = answer(stage, cduid, item)
    return Seen(found.watched, found.watched_leaves, found.leaves)


def watched_rows(stage: Stage, watch_group: str = "user:ann") -> list[str]:
    with stage.reader.snapshot() as snapshot:
        rows = select(Watched.item).where(Watched.watch_group == watch_group).order_by(Watched.item)
        return list(snapshot.connection.scalars(rows))


def in_progress(stage: Stage, cduid: str) -> list[str]:
    with viewing(stage, cduid) as viewer:
        return [item for item, _ in viewer.all_in_progress()]


def a_pause(slots: int) -> list[Step]:
    """Steps that change nothing but the time."""
    return [Restore(SHELF)] * slots


def test_a_new_episode_is_not_born_watched(stage: Stage) -> None:
    stage.tell(*put(E1, E2), Watch(TV, SHOW), *put(E3))
    assert seen(stage, TV, SHOW) == Seen(watched=False, watched_leaves=2, leaves=3)
    assert seen(stage, TV, E3) == Seen(watched=False, watched_leaves=0, leaves=1)
    assert watched_rows(stage) == [SHELF]


def test_a_new_episode_under_a_watched_show_comes_next(stage: Stage) -> None:
    stage.tell(*put(E1, E2), Watch(TV, SHOW), *put(E3))
    with viewing(stage, TV) as viewer:
        [suggestion] = next_up(viewer, Section.NEXT_EPISODE)
    assert (suggestion.item, suggestion.anchor) == (E3, E2)


def test_a_shows_rows_come_together_again_once_its_new_episode_is_watched(stage: Stage) -> None:
    stage.tell(*put(E1, E2), Watch(TV, SHOW), *put(E3), Watch(TV, E3))
    assert seen(stage, TV, SHOW) == Seen(watched=True, watched_leaves=3, leaves=3)
    assert watched_rows(stage) == [SHELF]


def test_unwatching_a_season_leaves_the_rest_of_a_watched_show(stage: Stage) -> None:
    stage.tell(*put(E1, E2, E4), Watch(TV, SHOW), Unwatch(TV, SEASON))
    assert seen(stage, TV, SEASON) == Seen(watched=False, watched_leaves=0, leaves=2)
    assert seen(stage, TV, SEASON_2) == Seen(watched=True, watched_leaves=1, leaves=1)
    assert seen(stage, TV, SHOW) == Seen(watched=False, watched_leaves=1, leaves=3)
    assert watched_rows(stage) == [SEASON_2]


def test_half_a_season_on_each_of_two_devices_is_a_season(stage: Stage) -> None:
    stage.tell(*put(E1, E2, E3, E4), Watch(TV, E1), Watch(PHONE, E2), Watch(TV, E3))
    for cduid in (TV, PHONE):
        assert seen(stage, cduid, SEASON) == Seen(watched=True, watched_leaves=3, leaves=3)
    assert watched_rows(stage) == [SEASON]


def test_a_quiet_device_marking_what_the_group_marked_takes_nothing_from_it(stage: Stage) -> None:
    quiet = ChangeMode(PHONE, IsolationMode.QUIET)
    stage.tell(*put(E1, E2), Watch(TV, SEASON), quiet, Watch(PHONE, E1), Unwatch(PHONE, E2))
    assert seen(stage, TV, SEASON) == Seen(watched=True, watched_leaves=2, leaves=2)
    assert seen(stage, PHONE, SEASON) == Seen(watched=False, watched_leaves=1, leaves=2)
    assert watched_rows(stage, "user:ann") == [SHELF]
    assert watched_rows(stage, f"cduid:{PHONE}") == [E1]


def test_a_loud_device_erases_nothing_of_a_shouting_ones(stage: Stage) -> None:
    shout = ChangeMode(PHONE, IsolationMode.SHOUT)
    stage.tell(*put(E1, E2), shout, Watch(PHONE, SEASON), Unwatch(TV, SEASON))
    assert seen(stage, TV, SEASON) == Seen(watched=False, watched_leaves=0, leaves=2)
    assert seen(stage, PHONE, SEASON) == Seen(watched=True, watched_leaves=2, leaves=2)


def test_a_rewatch_does_not_unwatch(stage: Stage) -> None:
    again = Progress(TV, E1, played_seconds=300.0)
    stage.tell(*put(E1, E2), Watch(TV, SEASON), again)
    found = answer(stage, TV, E1)
    assert (found.watched, found.in_progress is not None) == (True, True)
    assert watched_rows(stage) == [SHELF]
    assert in_progress(stage, TV) == [E1]


def test_a_failed_start_does_not_lose_the_place(stage: Stage) -> None:
    stage.tell(*put(E1), Progress(TV, E1, played_seconds=600.0))
    stage.tell(Progress(TV, E1, played_seconds=2.0), Progress(PHONE, E1, played_seconds=0.0))
    found = answer(stage, PHONE, E1).in_progress
    assert found is not None
    assert (found.progress.played_seconds, found.cduid) == (600.0, TV)


def test_a_late_tick_does_not_bring_back_what_was_finished(stage: Stage) -> None:
    finished = Progress(TV, E1, played_seconds=FINISHED_SECONDS)
    offline = Progress(PHONE, E1, slots_ago=3, played_seconds=900.0)
    stage.tell(*put(E1), Progress(TV, E1), finished, offline)
    found = answer(stage, PHONE, E1)
    assert (found.watched, found.in_progress) == (True, None)
    assert in_progress(stage, TV) == in_progress(stage, PHONE) == []


def test_marking_a_season_ends_what_was_in_progress_in_it(stage: Stage) -> None:
    late = Progress(TV, E2, slots_ago=2)
    stage.tell(*put(E1, E2), Progress(TV, E1), Watch(TV, SEASON), late)
    assert in_progress(stage, TV) == []


def test_two_devices_finishing_at_once_make_one_play(stage: Stage) -> None:
    finished = [Progress(c, E1, played_seconds=FINISHED_SECONDS) for c in (TV, PHONE, LAPTOP)]
    stage.tell(*put(E1), *finished)
    assert answer(stage, TV, E1).plays == 1
    with viewing(stage, PHONE) as viewer:
        assert [play.cduid for play in viewer.plays(E1)] == [TV]


def test_a_resumed_viewing_is_one_play_and_the_next_evening_another(stage: Stage) -> None:
    ticks = [Progress(TV, E1, played_seconds=seconds) for seconds in (300.0, 900.0, 1100.0, 1190.0)]
    stage.tell(*put(E1), *ticks)
    assert answer(stage, TV, E1).plays == 1
    stage.tell(*a_pause(HOUR_SLOTS), Watch(TV, E1, slots_ago=0))
    found = answer(stage, TV, E1)
    assert (found.plays, found.last_played_at_us) == (2, stage.log[-1].at_us)


def test_marks_that_come_all_at_once_are_each_counted(stage: Stage) -> None:
    marks = [Watch(TV, E1, slots_ago=HOUR_SLOTS * hours) for hours in range(20)]
    stage.tell(*put(E1), *marks)
    with stage.reader.snapshot() as snapshot:
        assert list(snapshot.connection.scalars(select(WatchCount.count))) == [20]


def test_unwatching_keeps_plays_and_dates(stage: Stage) -> None:
    stage.tell(*put(E1), Watch(TV, E1))
    played_at_us = stage.log[-1].at_us
    stage.tell(Unwatch(TV, E1))
    found = answer(stage, TV, E1)
    assert (found.watched, found.plays, found.last_played_at_us) == (False, 1, played_at_us)


def test_a_restricted_users_counts_are_of_what_they_may_see(stage: Stage) -> None:
    no_gore = ChangeAccess("ann", AccessChanged(denied_tags=("gore",)))
    stage.tell(*put(ALIEN, BRAZIL), Watch(TV, BRAZIL))
    assert seen(stage, TV, FILMS) == Seen(watched=False, watched_leaves=1, leaves=2)
    stage.tell(no_gore)
    assert seen(stage, TV, FILMS) == Seen(watched=True, watched_leaves=1, leaves=1)
    with viewing(stage, TV) as viewer:
        assert viewer.answer(ALIEN) is None


def test_a_replaced_file_has_lost_nothing(stage: Stage) -> None:
    stage.tell(*put(ALIEN, BRAZIL), Watch(TV, FILMS), Progress(PHONE, ALIEN))
    before = answer(stage, TV, ALIEN), watched_rows(stage)
    stage.tell(Hide(ALIEN))
    with viewing(stage, TV) as viewer:
        assert viewer.answer(ALIEN) is None
    assert seen(stage, TV, FILMS) == Seen(watched=True, watched_leaves=1, leaves=1)
    stage.tell(Put(ALIEN, details=Details(title="Alien (4K)", tags=("gore",))))
    found = answer(stage, TV, ALIEN)
    assert found.title == "Alien (4K)"
    assert (found.watched, found.in_progress) == (before[0].watched, before[0].in_progress)
    assert watched_rows(stage) == before[1]


def test_a_library_that_is_removed_and_added_again_has_lost_nothing(stage: Stage) -> None:
    stage.tell(*put(E1, E2, E4), Watch(TV, SEASON), Progress(TV, E4), Hide(SHELF))
    with viewing(stage, TV) as viewer:
        assert (viewer.answer(E1), viewer.all_in_progress()) == (None, [])
    stage.tell(Restore(SHELF))
    assert seen(stage, TV, SHOW) == Seen(watched=False, watched_leaves=2, leaves=3)
    assert in_progress(stage, TV) == [E4]


def test_a_moved_episode_keeps_what_was_said_of_it(stage: Stage) -> None:
    stage.tell(*put(E1, E2, E4), Watch(TV, SEASON), Put(E1, SEASON_2))
    assert seen(stage, TV, E1).watched
    assert seen(stage, TV, SEASON_2) == Seen(watched=False, watched_leaves=1, leaves=2)


def test_next_up_follows_what_was_watched_last_and_not_the_highest_number(stage: Stage) -> None:
    stage.tell(*put(E1, E2, E3, E4, SPECIAL), Watch(TV, E4), Watch(PHONE, E1), Watch(TV, SPECIAL))
    stage.tell(Watch(TV, E1))
    with viewing(stage, PHONE) as viewer:
        [suggestion] = next_up(viewer, Section.NEXT_EPISODE)
    assert (suggestion.item, suggestion.anchor) == (E2, E1)


def test_an_offline_phones_view_lands_where_it_belongs(stage: Stage) -> None:
    offline = Watch(PHONE, E1, slots_ago=5)
    stage.tell(*put(E1), Progress(TV, E1), *a_pause(3), Unwatch(TV, E1), offline)
    assert not seen(stage, TV, E1).watched
    assert answer(stage, TV, E1).plays == 1

"""Rules 8 to 12: thresholds, groups, watched and in progress."""

import pytest

from domain.events import Details, IsolationMode
from tests.reference.examples import (
    ALIEN,
    BOB,
    E1,
    E2,
    E3,
    LAPTOP,
    NEWS,
    PHONE,
    SEASON,
    SHOW,
    TALK,
    TV,
    after,
    answer,
    finish,
    put,
)
from tests.reference.model import Reference
from tests.reference.steps import ChangeMode, Hide, Progress, Put, Step, Unwatch, Watch
from tests.reference.world import BEGIN_US, SLOT_US

SILO, QUIET, LOUD, SHOUT = IsolationMode
BOTH = [*put(E1, E2, ALIEN, NEWS, TALK)]


@pytest.mark.parametrize(
    ("played_seconds", "claim"),
    [
        (0.0, None),
        (59.9, None),
        (60.0, "started"),
        (1079.9, "started"),
        (1080.0, "complete"),
        (1200.0, "complete"),
        (9999.0, "complete"),
    ],
)
def test_a_progress_is_barely_begun_started_or_complete(
    played_seconds: float, claim: str | None
) -> None:
    reference = after(*BOTH, Progress(TV, ALIEN, played_seconds=played_seconds))
    assert reference.claim(reference.log[-1]) == claim


def test_thresholds_can_be_set() -> None:
    log = after(*BOTH, Progress(TV, ALIEN, played_seconds=600.0)).log
    assert Reference(log, high=0.5).watched(TV, ALIEN)
    assert Reference(log, low=0.6, head_seconds=700).in_progress(TV) == []
    assert Reference(log, high=0.5, rest_seconds=599).in_progress(TV) != []


def test_a_failed_start_does_not_lose_the_place() -> None:
    reference = after(*BOTH, Progress(TV, ALIEN), Progress(TV, ALIEN, played_seconds=1.0))
    progress = answer(reference, ALIEN)["in_progress"]
    assert progress is not None
    assert progress["played_seconds"] == 600.0


def test_live_television_has_no_progress() -> None:
    reference = after(*BOTH, Progress(TV, NEWS), finish(TV, NEWS), Progress(TV, TALK))
    assert reference.in_progress(TV)[0][0] == TALK
    assert len(reference.in_progress(TV)) == 1
    assert not reference.watched(TV, NEWS)
    assert reference.plays(TV) == []


def test_whether_a_source_tracks_progress_is_asked_of_the_recorded_version() -> None:
    tracks = Put("stream_source:live", details=Details(tracks_progress=True))
    moved = Put(TALK, "stream_source:live")
    assert after(*BOTH, Progress(TV, NEWS), tracks).in_progress(TV) == []
    assert len(after(*BOTH, Progress(TV, TALK), moved).in_progress(TV)) == 1
    assert len(after(*BOTH, tracks, Progress(TV, NEWS)).in_progress(TV)) == 1


def test_live_television_can_be_marked() -> None:
    assert after(*BOTH, Watch(TV, NEWS)).watched(TV, NEWS)


@pytest.mark.parametrize(
    ("newest", "watched"),
    [
        (Watch(PHONE, ALIEN), True),
        (finish(PHONE, ALIEN), True),
        (Unwatch(PHONE, ALIEN), False),
        (Progress(PHONE, ALIEN), False),
        (Watch(BOB, ALIEN), False),
    ],
)
def test_the_newest_mark_of_the_group_decides(newest: Step, *, watched: bool) -> None:
    reference = after(*BOTH, Watch(TV, ALIEN), Unwatch(TV, ALIEN), newest)
    assert reference.watched(TV, ALIEN) == watched


def test_a_rewatch_does_not_unwatch() -> None:
    movie = answer(after(*BOTH, Watch(TV, ALIEN), Progress(TV, ALIEN)), ALIEN)
    assert movie["watched"]
    assert movie["in_progress"] is not None


def test_a_late_tick_cannot_bring_back_what_was_finished_since() -> None:
    reference = after(*BOTH, finish(TV, ALIEN), Progress(PHONE, ALIEN, slots_ago=2))
    assert reference.in_progress(TV) == []


@pytest.mark.parametrize("mark", [Watch(PHONE, SHOW), Unwatch(PHONE, SHOW), finish(PHONE, E1)])
def test_any_newer_mark_ends_progress(mark: Step) -> None:
    assert after(*BOTH, Progress(TV, E1), mark).in_progress(TV) == []


def test_progress_names_the_device_and_its_time() -> None:
    reference = after(*BOTH, Progress(TV, E1), Progress(PHONE, ALIEN, slots_ago=5))
    assert reference.in_progress(TV) == [
        (E1, answer(reference, E1)["in_progress"]),
        (ALIEN, answer(reference, ALIEN)["in_progress"]),
    ]
    assert answer(reference, ALIEN)["in_progress"] == {
        "played_seconds": 600.0,
        "duration_seconds": 1200.0,
        "share": 0.5,
        "at_us": BEGIN_US + (len(BOTH) + 2 - 5) * SLOT_US,
        "cduid": PHONE,
    }


@pytest.mark.parametrize(
    ("tv", "phone", "tv_sees_phone", "phone_sees_tv"),
    [
        (LOUD, LOUD, True, True),
        (SILO, LOUD, False, False),
        (QUIET, LOUD, True, False),
        (SHOUT, LOUD, False, True),
        (QUIET, QUIET, False, False),
        (QUIET, SHOUT, True, False),
        (SHOUT, SHOUT, False, False),
        (SILO, SHOUT, False, False),
    ],
)
def test_isolation_modes_say_who_sees_whom(
    tv: IsolationMode, phone: IsolationMode, *, tv_sees_phone: bool, phone_sees_tv: bool
) -> None:
    reference = after(ChangeMode(TV, tv), ChangeMode(PHONE, phone))
    assert (PHONE in reference.group(TV), TV in reference.group(PHONE)) == (
        tv_sees_phone,
        phone_sees_tv,
    )


def test_no_user_ever_sees_another() -> None:
    assert after(ChangeMode(TV, LOUD), ChangeMode(BOB, SHOUT)).group(TV) == {TV}


def test_modes_hold_for_the_past_too() -> None:
    watched = [*BOTH, Watch(TV, ALIEN), ChangeMode(PHONE, LOUD)]
    assert after(*watched).watched(PHONE, ALIEN)
    assert not after(*watched, ChangeMode(TV, SILO)).watched(PHONE, ALIEN)
    assert after(*watched, ChangeMode(TV, SILO), ChangeMode(TV, LOUD)).watched(PHONE, ALIEN)


def test_a_new_device_sees_at_once_what_its_group_has() -> None:
    assert after(*BOTH, Watch(TV, SHOW), ChangeMode(LAPTOP, LOUD)).watched(LAPTOP, E1)


def test_half_a_season_on_each_of_two_devices_is_a_season() -> None:
    reference = after(*BOTH, Watch(TV, E1), Watch(PHONE, E2))
    assert answer(reference, SEASON)["watched"]
    assert answer(reference, SEASON, PHONE)["watched"]


def test_a_quiet_device_marks_for_itself_what_the_group_marked() -> None:
    reference = after(*BOTH, ChangeMode(PHONE, QUIET), Watch(TV, ALIEN), Unwatch(PHONE, ALIEN))
    assert reference.watched(TV, ALIEN)
    assert not reference.watched(PHONE, ALIEN)


def test_a_loud_mark_does_not_erase_what_a_shout_device_said() -> None:
    reference = after(*BOTH, ChangeMode(TV, SHOUT), Watch(TV, ALIEN), Unwatch(PHONE, ALIEN))
    assert reference.watched(TV, ALIEN)
    assert not reference.watched(PHONE, ALIEN)


def test_unwatching_a_season_under_a_watched_show_leaves_the_other_season() -> None:
    seasons = put(E1, E2, "episode:ex2e1")
    reference = after(*seasons, Watch(TV, SHOW), Unwatch(TV, SEASON))
    assert not reference.watched(TV, E1)
    assert reference.watched(TV, "episode:ex2e1")
    assert answer(reference, SHOW)["watched_leaves"] == 1


def test_a_new_episode_under_a_watched_show_is_not_born_watched() -> None:
    show = answer(after(*BOTH, Watch(TV, SHOW), Put(E3)), SHOW)
    assert (show["watched"], show["leaves"], show["watched_leaves"]) == (False, 3, 2)


def test_an_empty_container_is_not_watched() -> None:
    show = answer(after(*put(SEASON), Watch(TV, SHOW)), SHOW)
    assert (show["watched"], show["leaves"], show["watched_leaves"]) == (False, 0, 0)


def test_hidden_items_are_not_counted() -> None:
    season = answer(after(*BOTH, Watch(TV, E1), Hide(E2)), SEASON)
    assert (season["watched"], season["leaves"], season["watched_leaves"]) == (True, 1, 1)
    assert not answer(after(*put(E1), Watch(TV, E1), Hide(E1)), SEASON)["watched"]


def test_a_leaf_counts_itself() -> None:
    movie = answer(after(*BOTH, Watch(TV, ALIEN)), ALIEN)
    assert (movie["leaves"], movie["watched_leaves"]) == (1, 1)


def test_the_tables_of_one_device_user_hold_what_it_alone_said() -> None:
    reference = after(*BOTH, Progress(TV, ALIEN), finish(PHONE, ALIEN), Hide(ALIEN))
    assert list(reference.progress_rows(TV)) == [ALIEN]
    assert reference.watch_counts(PHONE) == {ALIEN: 1}
    assert reference.watch_counts(TV) == {}

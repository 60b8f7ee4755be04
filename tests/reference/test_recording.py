"""Rules 1 to 3: time, order, and submissions sent twice."""

from datetime import UTC, datetime

import pytest

from domain.events import ItemUnwatched, ItemWatched
from domain.instants import to_us
from tests.reference.examples import ALIEN, BOB, BRAZIL, E1, PHONE, TV, after, events_of, put
from tests.reference.steps import Clock, Progress, Resubmit, Unwatch, Watch
from tests.reference.world import BEGIN_US, SLOT_US, SLOW_BY_SECONDS, World, log_of


def test_an_absent_time_is_the_time_of_recording() -> None:
    [watch] = events_of(after(Watch(TV, ALIEN)), TV)
    assert watch.at_us == watch.recorded_at_us == BEGIN_US + SLOT_US


def test_a_late_event_counts_when_it_happened() -> None:
    [watch] = events_of(after(Watch(TV, ALIEN, slots_ago=3)), TV)
    assert watch.at_us == watch.recorded_at_us - 3 * SLOT_US


def test_a_clock_that_runs_ahead_cannot_win_for_ever() -> None:
    reference = after(*put(ALIEN), Watch(TV, ALIEN, slots_ago=-100), Unwatch(PHONE, ALIEN))
    watch, unwatch = events_of(reference, TV) + events_of(reference, PHONE)
    assert watch.at_us == watch.recorded_at_us
    assert isinstance(watch.event, ItemWatched)
    assert watch.event.occurred_at is not None
    assert to_us(watch.event.occurred_at) == watch.recorded_at_us + 100 * SLOT_US
    assert reference.decider(TV, ALIEN) == unwatch


def test_a_box_in_1970_tells_what_it_sees_now() -> None:
    old = Unwatch(PHONE, ALIEN, slots_ago=0, clock=Clock.NEVER_SET)
    reference = after(*put(ALIEN), Watch(TV, ALIEN), old)
    [unwatch] = events_of(reference, PHONE)
    assert isinstance(unwatch.event, ItemUnwatched)
    assert unwatch.event.occurred_at is not None
    assert unwatch.event.occurred_at.year == 1970
    assert unwatch.at_us == unwatch.recorded_at_us
    assert reference.decider(TV, ALIEN) == unwatch


def test_a_clock_that_says_how_wrong_it_is_is_put_right() -> None:
    reference = after(*put(ALIEN), Watch(TV, ALIEN, slots_ago=2, clock=Clock.SLOW))
    [watch] = events_of(reference, TV)
    assert watch.at_us == watch.recorded_at_us - 2 * SLOT_US
    assert isinstance(watch.event, ItemWatched)
    assert watch.event.occurred_at is not None
    assert to_us(watch.event.occurred_at) == watch.at_us - round(SLOW_BY_SECONDS * 1_000_000)


def test_a_clock_that_is_put_right_cannot_win_for_ever_either() -> None:
    [watch] = events_of(after(Watch(TV, ALIEN, slots_ago=-9, clock=Clock.SLOW)), TV)
    assert watch.at_us == watch.recorded_at_us


def test_of_two_at_the_same_time_the_later_position_is_newer() -> None:
    reference = after(*put(ALIEN), Watch(TV, ALIEN), Unwatch(TV, ALIEN, slots_ago=1))
    assert not reference.watched(TV, ALIEN)


def test_an_older_event_that_arrives_late_changes_nothing() -> None:
    reference = after(*put(ALIEN), Watch(TV, ALIEN), Unwatch(PHONE, ALIEN, slots_ago=2))
    assert reference.watched(TV, ALIEN)


def test_positions_have_no_gap_and_versions_count_each_stream() -> None:
    log = log_of(*put(E1), Watch(TV, E1), Watch(BOB, E1), Watch(TV, E1))
    assert [r.position for r in log] == list(range(1, len(log) + 1))
    assert [r.version for r in log if r.stream == "catalog"] == [1, 2, 3, 4]
    assert [r.version for r in log if r.cduid == TV] == [1, 2, 3]


def test_every_event_carries_the_catalog_version_it_met() -> None:
    log = log_of(Watch(TV, E1), *put(E1), Watch(TV, E1))
    assert [r.catalog_version for r in log if r.submission_id] == [0, 4]
    assert all(r.catalog_version == r.version for r in log if r.stream == "catalog")


@pytest.mark.parametrize("item", [None, BRAZIL])
def test_a_submission_id_is_recorded_once(item: str | None) -> None:
    log = log_of(Watch(TV, ALIEN), Resubmit(0, item=item))
    assert len([r for r in log if r.submission_id]) == 1


def test_a_submission_id_is_recorded_once_for_each_device_user() -> None:
    log = log_of(Watch(TV, ALIEN), Resubmit(0, cduid=PHONE))
    assert [r.cduid for r in log if r.submission_id] == [TV, PHONE]


def test_what_is_sent_again_keeps_its_time_and_its_absent_fields() -> None:
    world = World()
    first = world.submit(Progress(TV, ALIEN))
    again = world.submit(Resubmit(0))
    assert again.entries[0] == first.entries[-1]
    assert again.now_us > first.now_us


def test_the_times_of_examples_are_utc() -> None:
    [watch] = events_of(after(Watch(TV, ALIEN, slots_ago=0)), TV)
    assert isinstance(watch.event, ItemWatched)
    assert watch.event.occurred_at == datetime(2023, 11, 14, 22, 18, 20, tzinfo=UTC)

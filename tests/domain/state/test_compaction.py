"""Of a player's ticks only the newest is folded."""

from domain.events import ItemWatched, ProgressReported, Recorded, device_user_stream
from domain.policy import Policy
from domain.state.compaction import compact

BEGUN, STARTED, COMPLETE = 1.0, 50.0, 95.0


def tick(
    position: int, played_seconds: float, *, at_us: int = 0, cduid: str = "tv", catalog: int = 1
) -> Recorded:
    event = ProgressReported(item="movie:a", played_seconds=played_seconds, duration_seconds=100.0)
    stream = device_user_stream(cduid)
    return Recorded(
        position, stream, position, at_us, at_us or position, catalog, None, "ann", event
    )


def watch(position: int) -> Recorded:
    stream = device_user_stream("tv")
    event = ItemWatched(item="movie:a")
    return Recorded(position, stream, position, position, position, 1, None, "ann", event)


def told(*page: Recorded) -> list[int]:
    return [each.position for each in compact(page, Policy())]


def test_of_many_ticks_the_newest_tells() -> None:
    assert told(*(tick(position, STARTED) for position in range(1, 10))) == [9]


def test_a_tick_that_arrives_late_does_not_stand_for_a_newer_one() -> None:
    assert told(tick(1, STARTED, at_us=50), tick(2, STARTED, at_us=20)) == [1]


def test_of_two_ticks_of_one_instant_the_later_recorded_tells() -> None:
    assert told(tick(1, STARTED, at_us=50), tick(2, STARTED, at_us=50)) == [2]


def test_every_device_has_its_own_newest() -> None:
    assert told(tick(1, STARTED), tick(2, STARTED, cduid="phone")) == [1, 2]


def test_what_is_barely_begun_tells_nothing_and_every_completion_does() -> None:
    assert told(tick(1, BEGUN), tick(2, COMPLETE), tick(3, COMPLETE)) == [2, 3]


def test_marks_stay_in_their_places() -> None:
    assert told(tick(1, STARTED), watch(2), tick(3, STARTED), watch(4)) == [2, 3, 4]


def test_a_page_in_which_the_catalog_changes_is_folded_whole() -> None:
    assert told(tick(1, STARTED), tick(2, STARTED, catalog=2)) == [1, 2]


def test_an_empty_page_tells_nothing() -> None:
    assert told() == []

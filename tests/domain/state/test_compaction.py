"""Of a player's ticks only those are folded that can tell."""

from domain.catalog import Catalog
from domain.events import (
    CatalogEvent,
    ItemLinked,
    ItemPlaced,
    ItemWatched,
    ProgressReported,
    Recorded,
    device_user_stream,
)
from domain.policy import Policy
from domain.state.compaction import compact

BEGUN, STARTED, COMPLETE = 1.0, 50.0, 95.0


def tick(
    position: int,
    played_seconds: float,
    *,
    at_us: int = 0,
    cduid: str = "tv",
    catalog: int = 0,
    item: str = "movie:a",
) -> Recorded:
    event = ProgressReported(item=item, played_seconds=played_seconds, duration_seconds=100.0)
    stream = device_user_stream(cduid)
    return Recorded(
        position, stream, position, at_us, at_us or position, catalog, None, "ann", event
    )


def watch(position: int) -> Recorded:
    stream = device_user_stream("tv")
    event = ItemWatched(item="movie:a")
    return Recorded(position, stream, position, position, position, 0, None, "ann", event)


def told(*page: Recorded, catalog: Catalog | None = None) -> list[int]:
    return [each.position for each in compact(page, Policy(), catalog or Catalog())]


def test_of_many_ticks_the_oldest_and_the_newest_tell() -> None:
    assert told(*(tick(position, STARTED) for position in range(1, 10))) == [1, 9]


def test_the_oldest_tells_whether_any_is_late() -> None:
    assert told(tick(1, STARTED, at_us=50), tick(2, STARTED, at_us=20)) == [1, 2]


def test_of_two_ticks_of_one_instant_the_later_recorded_is_the_newest() -> None:
    ticks = [tick(1, STARTED, at_us=50), tick(2, STARTED, at_us=50), tick(3, STARTED, at_us=40)]
    assert told(*ticks) == [2, 3]


def test_the_newest_that_is_barely_begun_tells_too() -> None:
    ticks = [tick(1, BEGUN), tick(2, STARTED), tick(3, BEGUN), tick(4, STARTED), tick(5, STARTED)]
    assert told(*ticks) == [1, 3, 5]


def test_every_device_has_its_own_newest() -> None:
    assert told(tick(1, STARTED), tick(2, STARTED, cduid="phone")) == [1, 2]


def test_every_completion_tells_and_what_was_reported_between_them() -> None:
    ticks = [tick(1, BEGUN), tick(2, COMPLETE), tick(3, STARTED), tick(4, STARTED)]
    assert told(*ticks, tick(5, COMPLETE), tick(6, COMPLETE)) == [1, 2, 3, 4, 5, 6]
    again = [tick(6, STARTED), tick(7, COMPLETE)]
    assert told(*ticks, tick(5, STARTED), *again) == [1, 2, 3, 6, 7]


def test_a_completion_of_one_of_a_work_parts_the_reports_of_the_others() -> None:
    catalog = Catalog()
    events: list[CatalogEvent] = [
        ItemPlaced(item="movie:a"),
        ItemPlaced(item="movie:b"),
        ItemLinked(item="movie:a", same_as="movie:b"),
    ]
    for version, event in enumerate(events, start=1):
        catalog.evolve(event, version, 0)
    ticks = [
        tick(1, STARTED, catalog=3),
        tick(2, STARTED, catalog=3),
        tick(3, COMPLETE, catalog=3, item="movie:b"),
        tick(4, STARTED, catalog=3),
    ]
    assert told(*ticks, catalog=catalog) == [1, 2, 3, 4]


def test_marks_stay_in_their_places() -> None:
    assert told(tick(1, STARTED), watch(2), tick(3, STARTED), watch(4)) == [1, 2, 3, 4]


def test_a_page_in_which_the_catalog_changes_is_folded_whole() -> None:
    assert told(tick(1, STARTED), tick(2, STARTED), tick(3, STARTED, catalog=2)) == [1, 2, 3]


def test_an_empty_page_tells_nothing() -> None:
    assert told() == []

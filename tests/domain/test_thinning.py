"""Which progress tells nothing new, and so isn't recorded (rule 32)."""

from dataclasses import replace
from typing import Any

import pytest

from domain.catalog import Catalog
from domain.events import (
    Details,
    ItemLinked,
    ItemMoved,
    ItemPlaced,
    PlayerState,
    ProgressReported,
)
from domain.policy import Policy
from domain.thinning import Thinning, Tick, speaking_about

HOUR = 3600.0
PLAYING, PAUSED = PlayerState.PLAYING, PlayerState.PAUSED


def catalog_after(*events: ItemPlaced | ItemMoved | ItemLinked) -> Catalog:
    catalog = Catalog()
    for version, event in enumerate(events, start=1):
        catalog.evolve(event, version, 0)
    return catalog


def placed(
    item: str, parent: str | None = None, runtime_seconds: float | None = None
) -> ItemPlaced:
    return ItemPlaced(item=item, parent=parent, details=Details(runtime_seconds=runtime_seconds))


LIBRARY = catalog_after(
    placed("movie_shelf:m"),
    placed("movie_shelf:uhd"),
    placed("movie:a", "movie_shelf:m", 2 * HOUR),
    placed("movie:b", "movie_shelf:m"),
    placed("movie:a4k", "movie_shelf:uhd"),
    ItemLinked(item="movie:a4k", same_as="movie:a"),
    placed("show_shelf:tv"),
    placed("show:s", "show_shelf:tv"),
    placed("show:t", "show_shelf:tv"),
    placed("season:s1", "show:s"),
    placed("episode:e1", "season:s1"),
    ItemMoved(item="season:s1", parent="show:t"),
)


def tick(at_seconds: float, item: str = "movie:b", **claims: Any) -> Tick:
    """A report, of a film of two hours unless it says otherwise."""
    if "played_seconds" in claims:
        claims.setdefault("duration_seconds", 2 * HOUR)
    event = ProgressReported(item=item, **claims)
    return Tick(event, round(at_seconds * 1_000_000), LIBRARY.version)


def is_repeated(
    now: Tick, before: Tick, every_seconds: float = 60, policy: Policy | None = None
) -> bool:
    thinning = Thinning(policy or Policy(), every_seconds)
    return thinning.is_repeated(LIBRARY, now.event, now.at_us, now.catalog_version, before)


START = tick(0, played_seconds=HOUR)


@pytest.mark.parametrize(
    ("at_seconds", "played_seconds", "is_nothing_new"),
    [
        (10, HOUR + 10, True),
        (59, HOUR + 59, True),
        (60, HOUR + 60, False),  # as much is recorded once
        (11, HOUR + 10, True),  # clocks are never quite exact
        (8, HOUR + 10, True),
        (5, HOUR + 10, False),  # a seek
        (60, HOUR + 10, False),  # it stood still in between
        (10, HOUR - 10, False),  # a seek back
        (0, HOUR, True),
        (1, HOUR + 0.9, True),  # the same second
        (500_000, HOUR, True),
        (-10, HOUR, False),  # it came before
    ],
)
def test_playing_on_for_less_than_a_minute_and_standing_still_are_nothing_new(
    at_seconds: float, played_seconds: float, is_nothing_new: bool
) -> None:
    assert is_repeated(tick(at_seconds, played_seconds=played_seconds), START) is is_nothing_new


def test_how_much_of_playing_is_recorded_is_a_setting() -> None:
    later = tick(10, played_seconds=HOUR + 10)
    assert not is_repeated(later, START, every_seconds=10)
    assert is_repeated(later, START, every_seconds=10.5)


@pytest.mark.parametrize(
    ("before_seconds", "now_seconds", "policy"),
    [
        (359, 361, {"low": 0.05}),
        (6479, 6481, {"high": 0.90}),
        (299, 301, {"head_seconds": 300.0}),
        (6299, 6301, {"rest_seconds": 900.0}),
    ],
)
def test_what_crosses_a_threshold_is_news(
    before_seconds: float, now_seconds: float, policy: dict[str, Any]
) -> None:
    nowhere = Policy(low=0, high=1, head_seconds=0, rest_seconds=0)
    before, now = tick(0, played_seconds=before_seconds), tick(2, played_seconds=now_seconds)
    assert not is_repeated(now, before, policy=replace(nowhere, **policy))
    assert is_repeated(now, before, policy=nowhere)


@pytest.mark.parametrize(
    ("before", "now", "is_same"),
    [(None, None, True), (PLAYING, PLAYING, True), (PLAYING, PAUSED, False), (None, PAUSED, False)],
)
def test_what_the_player_was_doing_is_told_apart(
    before: PlayerState | None, now: PlayerState | None, is_same: bool
) -> None:
    first = tick(0, played_seconds=HOUR, state=before)
    assert is_repeated(tick(0, played_seconds=HOUR, state=now), first) is is_same


def test_the_end_once_more_is_news_after_a_running_time() -> None:
    end = tick(0, played_seconds=2 * HOUR)
    assert is_repeated(tick(2 * HOUR - 1, played_seconds=2 * HOUR), end)
    assert not is_repeated(tick(2 * HOUR, played_seconds=2 * HOUR), end)


def test_the_running_time_of_a_share_is_the_catalogs_or_half_an_hour() -> None:
    for item, running_seconds in {"movie:a": 2 * HOUR, "movie:b": 1800.0}.items():
        end = tick(0, item, share=1.0)
        assert is_repeated(tick(running_seconds - 1, item, share=1.0), end)
        assert not is_repeated(tick(running_seconds, item, share=1.0), end)


def test_shares_are_compared_in_seconds_where_the_running_time_is_known() -> None:
    assert is_repeated(tick(36, "movie:a", share=0.505), tick(0, "movie:a", share=0.5))
    assert not is_repeated(tick(36, "movie:b", share=0.505), tick(0, "movie:b", share=0.5))
    assert is_repeated(tick(36, "movie:b", share=0.5), tick(0, "movie:b", share=0.5))


def test_a_progress_without_a_running_time_is_compared_by_its_seconds() -> None:
    first = tick(0, played_seconds=100, duration_seconds=None)
    assert is_repeated(tick(20, played_seconds=120, duration_seconds=None), first)
    assert not is_repeated(tick(20, played_seconds=190, duration_seconds=None), first)


def test_a_work_is_spoken_of_on_each_of_its_items_and_on_all_they_ever_stood_under() -> None:
    about = speaking_about(LIBRARY, "movie:a")
    assert about[0] == "movie:a"
    assert set(about) == {"movie:a", "movie:a4k", "movie_shelf:m", "movie_shelf:uhd"}
    above = {"season:s1", "show:s", "show:t", "show_shelf:tv"}
    assert set(speaking_about(LIBRARY, "episode:e1")) == {"episode:e1", *above}
    assert speaking_about(LIBRARY, "movie:unknown") == ("movie:unknown",)

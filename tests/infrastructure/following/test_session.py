"""What is said of what a player shows, by a clock that the test moves."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.items import Kind
from domain.references import Named, Reference
from infrastructure.following.media import Media, Shown
from infrastructure.following.session import Clock, Session

_BEGIN = datetime(2026, 11, 25, 20, tzinfo=UTC)
_FILM = Media("Alien.mkv", (Reference(kind=Kind.MOVIE, title="Alien"),))


def _episodes(*numbers: int) -> Media:
    show = Named(title="Sherlock")
    return Media(
        "Sherlock.mkv",
        tuple(
            Reference(kind=Kind.EPISODE, show=show, season=1, episode=number) for number in numbers
        ),
    )


class _Evening:
    """A session, what it said, and a clock."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.told: list[str] = []
        self.seconds = 0.0
        clock = Clock(lambda: _BEGIN + timedelta(seconds=self.seconds), lambda: self.seconds)
        self.session = Session(lambda _, event: self.events.append(event), self.told.append, clock)

    def shows(
        self, seconds: float, media: Media = _FILM, *, is_paused: bool = False, of: float = 6_000
    ) -> None:
        self.session.shows(Shown(media, seconds, of, is_paused))

    def plays(self, since: int, until: int, media: Media = _FILM, of: float = 6_000) -> None:
        """A second after the other."""
        for second in range(since, until):
            self.seconds += 1
            self.shows(second, media, of=of)

    def said(self) -> list[tuple[Any, ...]]:
        return [
            (each["ref"].get("episode", "film"), each["state"], each["played_seconds"])
            for each in self.events
        ]


@pytest.fixture
def evening() -> _Evening:
    return _Evening()


def test_a_start_a_pause_a_resume_and_a_stop_are_said(evening: _Evening) -> None:
    evening.shows(0)
    evening.shows(10, is_paused=True)
    evening.shows(10, is_paused=True)
    evening.shows(10)
    evening.shows(20)
    evening.session.shows(None)
    evening.session.shows(None)
    assert evening.said() == [
        ("film", "playing", 0),
        ("film", "paused", 10),
        ("film", "playing", 10),
        ("film", "stopped", 20),
    ]


def test_while_it_plays_each_minute_is_said(evening: _Evening) -> None:
    evening.plays(0, 200)
    assert [at for _, _, at in evening.said()] == [0, 61, 122, 183]


def test_a_long_pause_is_said_once(evening: _Evening) -> None:
    evening.shows(5)
    evening.shows(5, is_paused=True)
    for _ in range(500):
        evening.seconds += 1
        evening.shows(5, is_paused=True)
        evening.session.ticks()
    assert len(evening.events) == 2


def test_a_seek_is_said_once_the_viewer_has_settled(evening: _Evening) -> None:
    evening.shows(0)
    for place in (100, 200, 300):
        evening.seconds += 0.3
        evening.session.jumps()
        evening.shows(place)
    evening.seconds += 1
    evening.shows(301)
    assert evening.said() == [("film", "playing", 0), ("film", "playing", 301)]


def test_a_seek_while_it_is_paused_is_said_too(evening: _Evening) -> None:
    evening.shows(0, is_paused=True)
    evening.session.jumps()
    evening.shows(3_000, is_paused=True)
    evening.seconds += 2
    evening.session.ticks()
    evening.session.ticks()
    assert evening.said() == [("film", "paused", 0), ("film", "paused", 3_000)]


def test_the_next_file_stops_the_one_before_where_it_was(evening: _Evening) -> None:
    evening.shows(0, _episodes(1))
    evening.shows(2_999, _episodes(1))
    evening.shows(0, _episodes(2))
    assert evening.said() == [(1, "playing", 0), (1, "stopped", 2_999), (2, "playing", 0)]


def test_a_file_of_two_episodes_is_each_for_its_half(evening: _Evening) -> None:
    evening.plays(0, 200, both := _episodes(1, 2), of=200)
    evening.session.shows(None)
    assert evening.said() == [
        (1, "playing", 0),
        (1, "playing", 61),
        (1, "stopped", 100),
        (2, "playing", 0),
        (2, "playing", 61),
        (2, "stopped", 99),
    ]
    assert {each["duration_seconds"] for each in evening.events} == {100}
    assert len(both.references) == 2


def test_whoever_seeks_into_the_second_episode_has_not_seen_the_first(evening: _Evening) -> None:
    evening.plays(0, 20, both := _episodes(1, 2), of=200)
    evening.session.jumps()
    evening.shows(150, both, of=200)
    assert evening.said() == [(1, "playing", 0), (1, "stopped", 19), (2, "playing", 50)]


def test_each_event_has_an_id_and_the_time_of_the_players_clock(evening: _Evening) -> None:
    evening.plays(0, 62)
    first, second = evening.events
    assert first["id"] != second["id"]
    assert first["occurred_at"] == "2026-11-25T20:00:01+00:00"
    assert second["occurred_at"] == "2026-11-25T20:01:02+00:00"


def test_places_lie_within_the_film(evening: _Evening) -> None:
    evening.shows(-0.04, of=100)
    evening.shows(100.02, is_paused=True, of=100)
    assert [at for _, _, at in evening.said()] == [0, 100]


def test_without_a_running_time_none_is_said(evening: _Evening) -> None:
    evening.session.shows(Shown(_FILM, 5, None, is_paused=False))
    [event] = evening.events
    assert event["played_seconds"] == 5
    assert "duration_seconds" not in event


def test_a_follower_that_ends_says_where_the_player_is(evening: _Evening) -> None:
    evening.plays(0, 31)
    evening.session.ends()
    assert evening.said() == [("film", "playing", 0), ("film", "playing", 30)]


def test_what_nothing_is_known_of_is_told_once_and_not_said(evening: _Evening) -> None:
    evening.shows(0)
    evening.plays(0, 100, Media("dvd", why_not="is a stream"))
    assert evening.said() == [("film", "playing", 0), ("film", "stopped", 0)]
    assert evening.told == ["dvd is a stream: nothing is said of it."]


def test_a_mark_is_said_with_its_time_or_without_one(evening: _Evening) -> None:
    evening.session.marks(_FILM, is_watched=True, is_dated=True)
    evening.session.marks(_FILM, is_watched=False, is_dated=True)
    evening.session.marks(_FILM, is_watched=True, is_dated=False)
    film, at = {"kind": "movie", "title": "Alien"}, "2026-11-25T20:00:00+00:00"
    assert [{**each, "id": None} for each in evening.events] == [
        {"id": None, "type": "watch", "ref": film, "occurred_at": at},
        {"id": None, "type": "unwatch", "ref": film, "occurred_at": at},
        {"id": None, "type": "watch", "ref": film, "undated": True},
    ]

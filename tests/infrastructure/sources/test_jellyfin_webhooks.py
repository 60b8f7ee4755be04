"""Jellyfin's other plugin, in its own format and in Plex's shape."""

import json
from typing import Any

import pytest

from domain.events import PlayerState
from infrastructure.sources.heard import Account, Listed, Player, Removed
from infrastructure.sources.kinds import hear
from tests.infrastructure.sources.shapes import (
    EMBY_EPISODE,
    JELLYFIN_EPISODE,
    JELLYFIN_SERVER,
    form,
    jellyfin_in_plex_shape,
    jellyfin_webhooks,
    said,
    told,
)

_LOCAL = f"jellyfin.{JELLYFIN_SERVER}"
_RESET: dict[str, Any] = {"DeviceId": "TW96aWxsYQ", "PlayState": {}}


@pytest.mark.parametrize(
    ("event", "state"),
    [
        ("Play", PlayerState.PLAYING),
        ("Resume", PlayerState.PLAYING),
        ("Progress", PlayerState.PLAYING),
        ("Pause", PlayerState.PAUSED),
        ("Stop", PlayerState.STOPPED),
    ],
)
def test_it_names_the_show_with_its_ids(event: str, state: PlayerState) -> None:
    found = said(told("jellyfin", jellyfin_webhooks(event)))
    assert (found.type, found.state) == ("progress", state)
    assert (found.played_seconds, found.duration_seconds) == (600.0, 3000.0)
    assert found.player == Player("TW96aWxsYQ", "Big screen", "Jellyfin Web")
    show = found.reference.show
    assert show is not None
    assert show.ids == {"tvdb": "74805", _LOCAL: JELLYFIN_EPISODE["SeriesId"]}
    assert (show.title, show.year) == ("The Prisoner", 1967)
    assert found.reference.ids["tvdb"] == "304585"


def test_a_tick_of_a_player_that_stands_still_is_a_pause() -> None:
    still = {"DeviceId": "d", "PlayState": {"PositionTicks": 6_000_000_000, "IsPaused": True}}
    heard = told("jellyfin", jellyfin_webhooks("Progress", Session=still))
    assert said(heard).state is PlayerState.PAUSED


def test_a_scrobble_is_a_watch_on_the_player_and_a_mark_is_one_of_no_device() -> None:
    scrobble = said(told("jellyfin", jellyfin_webhooks("Scrobble")))
    assert (scrobble.type, scrobble.duration_seconds) == ("watch", 3000.0)
    assert scrobble.player is not None
    for event, type_ in (("MarkPlayed", "watch"), ("MarkUnplayed", "unwatch")):
        mark = said(told("jellyfin", jellyfin_webhooks(event, Session=None)))
        assert (mark.type, mark.player) == (type_, None)


def test_where_it_stopped_is_what_the_server_has_saved() -> None:
    item = {**EMBY_EPISODE, "UserData": {"PlaybackPositionTicks": 9_000_000_000}}
    stop = jellyfin_webhooks("Stop", Session=_RESET, Item=item)
    assert said(told("jellyfin", stop)).played_seconds == 900.0


def test_a_stop_with_nothing_saved_says_nothing() -> None:
    item = {**EMBY_EPISODE, "UserData": {"PlaybackPositionTicks": 0, "Played": True}}
    heard = told("jellyfin", jellyfin_webhooks("Stop", Session=_RESET, Item=item))
    assert list(heard.things) == []
    assert heard.why_ignored


def test_its_library_lists_and_removes() -> None:
    (listed,) = told("jellyfin", jellyfin_webhooks("ItemAdded", User=None, Session=None)).things
    (removed,) = told("jellyfin", jellyfin_webhooks("ItemRemoved", User=None, Session=None)).things
    assert isinstance(listed, Listed)
    assert isinstance(removed, Removed)


def test_other_events_are_ignored() -> None:
    for event in ("Rate", "SessionStarted", "ItemUpdated", "HasPendingRestartChanged"):
        assert told("jellyfin", jellyfin_webhooks(event)).why_ignored


def test_in_plexs_shape_a_watch_is_of_the_shows_id_and_numbers() -> None:
    found = said(told("jellyfin", jellyfin_in_plex_shape()))
    assert (found.type, found.duration_seconds) == ("watch", 3000.0)
    assert found.account == Account("b0a1c2d3e4f54a5b8c9d0e1f2a3b4c5d", "ann")
    assert found.player == Player("Big screen", "Big screen")
    episode = found.reference
    assert episode.ids == {}
    assert episode.show is not None
    assert (episode.show.ids, episode.show.title) == ({"tvdb": "74805"}, "The Prisoner")
    assert (episode.season, episode.episode) == (1, 4)


def test_in_plexs_shape_a_film_without_an_id_goes_by_its_title() -> None:
    value = jellyfin_in_plex_shape(
        type="movie", guid="com.plexapp.agents.imdb://?lang=en", title="Metropolis", year=1927
    )
    film = said(told("jellyfin", value)).reference
    assert (film.ids, film.title, film.year) == ({}, "Metropolis", 1927)


def test_in_plexs_shape_there_is_never_a_position() -> None:
    for event in ("media.play", "media.pause", "media.stop"):
        heard = told("jellyfin", jellyfin_in_plex_shape(event))
        assert list(heard.things) == []
        assert heard.why_ignored


def test_plexs_shape_comes_as_a_form_as_plexs_does() -> None:
    sent = form("payload", json.dumps(jellyfin_in_plex_shape()).encode())
    assert hear("jellyfin", sent) == told("jellyfin", jellyfin_in_plex_shape())

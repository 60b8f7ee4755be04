"""Plex's webhooks, with today's ids and those of the agents before."""

import json
from typing import Any

import pytest

from domain.events import PlayerState
from domain.items import Kind
from infrastructure.sources.heard import Account, Listed, NotUnderstood, Player
from infrastructure.sources.kinds import hear
from tests.infrastructure.sources.shapes import (
    PICTURE,
    PLEX_EPISODE,
    PLEX_FILM,
    PLEX_SERVER,
    form,
    plex,
    reference,
    said,
    told,
)


def test_a_pause_is_progress_of_the_film_on_the_player() -> None:
    heard = told("plex", plex("media.pause"))
    found = said(heard)
    assert (heard.event, heard.title) == ("media.pause", "Metropolis (1927)")
    assert (found.type, found.state) == ("progress", PlayerState.PAUSED)
    assert (found.played_seconds, found.duration_seconds) == (1530.0, 9180.0)
    assert found.account == Account("1", "ann")
    assert found.player == Player("9hn2yq7w3kd0", "Big screen")
    assert (found.library, found.occurred_at) == ("Films", None)
    film = found.reference
    assert (film.kind, film.title, film.year) == (Kind.MOVIE, "Metropolis", 1927)
    assert film.ids == {
        "plex": "5d776830880197001ec90e69",
        "imdb": "tt0017136",
        "tmdb": "19",
        "tvdb": "170",
    }
    assert film.runtime_seconds == 9180.0


def test_a_picture_beside_it_makes_no_difference() -> None:
    body = json.dumps(plex()).encode()
    assert hear("plex", form("payload", body, picture=PICTURE)) == told("plex", plex())


@pytest.mark.parametrize(
    ("event", "state"),
    [
        ("media.play", PlayerState.PLAYING),
        ("media.resume", PlayerState.PLAYING),
        ("media.pause", PlayerState.PAUSED),
        ("media.stop", PlayerState.STOPPED),
    ],
)
def test_each_event_of_playing_says_what_the_player_does(event: str, state: PlayerState) -> None:
    assert said(told("plex", plex(event))).state is state


def test_a_scrobble_is_a_watch_wherever_the_position_is() -> None:
    for position in (8_300_000, None, "nan", -1):
        found = said(told("plex", plex("media.scrobble", viewOffset=position)))
        assert (found.type, found.duration_seconds, found.played_seconds) == ("watch", 9180.0, None)


def test_the_ids_of_an_episode_are_its_own_and_the_show_has_plexs() -> None:
    found = said(told("plex", plex(about=PLEX_EPISODE))).reference
    assert found.ids == {
        "plex": "5d9c0f5d2df347001e3b0f0b",
        "imdb": "tt0679185",
        "tvdb": "304585",
    }
    assert found.show is not None
    assert found.show.ids == {"plex": "5d9c08254eefaa001f5d6dcb"}
    assert (found.show.title, found.show.year) == ("The Prisoner", None)
    assert (found.season, found.episode) == (1, 4)


def test_without_a_guid_of_plexs_the_servers_own_keys_are_the_ids() -> None:
    about = {**PLEX_EPISODE, "guid": "local://3012", "grandparentGuid": "local://3000"}
    found = said(told("plex", plex(about=about, Guid=[]))).reference
    assert found.ids == {f"plex.{PLEX_SERVER}": "3012"}
    assert found.show is not None
    assert found.show.ids == {f"plex.{PLEX_SERVER}": "3000"}


def test_a_legacy_film_has_its_id_in_the_guid() -> None:
    guid = "com.plexapp.agents.imdb://tt0017136?lang=en"
    found = said(told("plex", plex(guid=guid, Guid=None))).reference
    assert found.ids == {"imdb": "tt0017136", f"plex.{PLEX_SERVER}": "1500"}


@pytest.mark.parametrize(
    ("guid", "ids", "numbers"),
    [
        ("com.plexapp.agents.thetvdb://74805/1/4?lang=en", {"tvdb": "74805"}, (1, 4)),
        ("com.plexapp.agents.thetvdb://74805/0/2?lang=en", {"tvdb": "74805"}, (0, 2)),
        ("com.plexapp.agents.themoviedb://1032/2/7?lang=de", {"tmdb": "1032"}, (2, 7)),
        ("com.plexapp.agents.hama://anidb-69/1/1071?lang=en", {"anidb": "69"}, (1, 1071)),
        ("com.plexapp.agents.hama://tvdb2-81797/1/1071", {"tvdb": "81797"}, (1, 1071)),
        ("com.plexapp.agents.thetvdb://74805?lang=en", {}, (1, 4)),
        ("com.plexapp.agents.none://3012?lang=xn", {}, (1, 4)),
        ("local://3012", {}, (1, 4)),
        (None, {}, (1, 4)),
    ],
)
def test_a_legacy_episode_has_the_shows_id_and_its_numbers_in_the_guid(
    guid: str | None, ids: dict[str, str], numbers: tuple[int, int]
) -> None:
    changed: dict[str, Any] = {"Guid": None, "grandparentGuid": None}
    about = {**PLEX_EPISODE, **changed, "guid": guid}
    found = said(told("plex", plex(about=about))).reference
    local = f"plex.{PLEX_SERVER}"
    assert found.show is not None
    assert found.show.ids == {local: "3000", **ids}
    assert (found.season, found.episode) == numbers
    assert found.ids == {local: "3012"}


def test_what_is_new_in_the_library_is_listed_where_it_stands() -> None:
    (found,) = told("plex", plex("library.new", PLEX_EPISODE)).things
    assert isinstance(found, Listed)
    assert (found.library, found.reference.title) == ("Television", "Free for All")


def test_a_new_season_is_named_by_its_show_and_number() -> None:
    about = {
        "type": "season",
        "ratingKey": "3001",
        "parentRatingKey": "3000",
        "parentGuid": "plex://show/5d9c08254eefaa001f5d6dcb",
        "parentTitle": "The Prisoner",
        "title": "Season 1",
        "index": 1,
    }
    found = reference(told("plex", plex("library.new", about)))
    assert found.kind is Kind.SEASON
    assert (found.season, found.episode) == (1, None)
    assert found.show is not None
    assert found.show.ids == {"plex": "5d9c08254eefaa001f5d6dcb"}


def test_a_new_show_has_the_id_of_its_legacy_guid() -> None:
    about = {"type": "show", "title": "The Prisoner", "year": 1967, "guid": "thetvdb://74805"}
    found = reference(told("plex", plex("library.new", about)))
    assert (found.kind, found.ids, found.year) == (Kind.SHOW, {"tvdb": "74805"}, 1967)


def test_a_special_is_of_season_0() -> None:
    found = said(told("plex", plex(about=PLEX_EPISODE, parentIndex=0))).reference
    assert found.season == 0


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (plex("media.rate"), "rating"),
        (plex("library.on.deck"), "next"),
        (plex("playback.started"), "media.play"),
        (plex("device.new", None), "nothing of what is watched"),
        (plex("admin.database.backup", None), "nothing of what is watched"),
        (plex("media.something.else"), "nothing of what is watched"),
        (plex("media.scrobble", {"type": "track", "title": "Fidelio"}), "music"),
        (plex("media.stop", {"type": "clip", "subtype": "trailer"}), "trailer"),
        (plex("media.play", {"type": "photo"}), "photo"),
        (plex("media.stop", PLEX_FILM, live="1"), "live television"),
        (plex("media.play", PLEX_EPISODE, key="/livetv/sessions/1"), "live television"),
        (plex("media.play", viewOffset=None), "how far"),
        (plex("media.stop", viewOffset=""), "how far"),
    ],
)
def test_what_isnt_kept_is_ignored_for_a_reason(value: Any, why: str) -> None:
    heard = told("plex", value)
    assert list(heard.things) == []
    assert heard.why_ignored is not None
    assert why in heard.why_ignored


def test_who_and_what_on_are_known_by_name_where_there_is_no_key() -> None:
    value = {**plex(), "Account": {"title": "ann"}, "Player": {"title": "Big screen"}}
    found = said(told("plex", value))
    assert found.account == Account("ann", "ann")
    assert found.player == Player("Big screen", "Big screen")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({**plex(), "Account": None}, "whose account"),
        (plex(about=[]), "what kind of thing"),
        (plex(about={"type": "movie"}), "names no film"),
        (plex(about={"type": "episode", "title": "Pilot", "index": 1}), "names no episode"),
        (plex(viewOffset="nan"), "no position"),
        (plex(viewOffset=-5_000), "no position"),
        (plex(viewOffset=[1]), "no position"),
        (plex(viewOffset=20_000_000), "past the end"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(value: Any, why: str) -> None:
    with pytest.raises(NotUnderstood, match=why):
        told("plex", value)

"""Kodi's notifications, alone and with what Kodi answers when it is asked."""

from typing import Any

import pytest

from domain.events import PlayerState
from domain.items import Kind
from infrastructure.sources.heard import Account, Listed, NotUnderstood, Player, Removed
from tests.infrastructure.sources.shapes import (
    KODI_EPISODE,
    KODI_PROPERTIES,
    kodi,
    reference,
    said,
    told,
)

_ANSWER = {"jsonrpc": "2.0", "id": 1, "result": {"episodedetails": KODI_EPISODE}}


def test_with_details_and_properties_a_pause_is_progress() -> None:
    found = said(told("kodi", kodi(details=KODI_EPISODE, properties=KODI_PROPERTIES)))
    assert (found.type, found.state) == ("progress", PlayerState.PAUSED)
    assert (found.played_seconds, found.duration_seconds) == (600.5, 3000.0)
    assert (found.account, found.player) == (Account("kodi"), Player("kodi", kind="Kodi"))
    episode = found.reference
    assert episode.ids == {"tvdb": "304585"}
    assert episode.show is not None
    assert (episode.show.title, episode.season, episode.episode) == ("The Prisoner", 1, 4)


@pytest.mark.parametrize("details", [_ANSWER, _ANSWER["result"], KODI_EPISODE])
def test_details_may_come_as_kodi_answers_them(details: Any) -> None:
    value = kodi(details=details, properties={"result": KODI_PROPERTIES})
    found = said(told("kodi", value))
    assert (found.reference.title, found.played_seconds) == ("Free for All", 600.5)


def test_the_show_gives_its_ids_and_year() -> None:
    show = {"tvshowdetails": {"title": "The Prisoner", "year": 1967, "uniqueid": {"tvdb": "74805"}}}
    value = kodi(details=KODI_EPISODE, show=show, properties=KODI_PROPERTIES)
    found = said(told("kodi", value)).reference.show
    assert found is not None
    assert (found.ids, found.title, found.year) == ({"tvdb": "74805"}, "The Prisoner", 1967)


def test_a_profile_is_an_account() -> None:
    value = kodi(details=KODI_EPISODE, properties=KODI_PROPERTIES, profile="ann")
    assert said(told("kodi", value)).account == Account("ann", "ann")


def test_a_seek_says_where_to() -> None:
    player = {"speed": 1, "time": {"hours": 0, "minutes": 31, "seconds": 10, "milliseconds": 0}}
    data = {"item": {"id": 7, "type": "episode"}, "player": player}
    found = said(told("kodi", kodi("Player.OnSeek", data, details=KODI_EPISODE)))
    assert (found.played_seconds, found.state) == (1870.0, PlayerState.PLAYING)
    still = {**data, "player": {**player, "speed": 0}}
    found = said(told("kodi", kodi("Player.OnSeek", still, details=KODI_EPISODE)))
    assert found.state is PlayerState.PAUSED


def test_a_stop_is_a_watch_if_it_ran_out() -> None:
    data = {"item": {"id": 7, "type": "episode"}, "end": True}
    found = said(told("kodi", kodi("Player.OnStop", data, details=KODI_EPISODE)))
    assert (found.type, found.duration_seconds) == ("watch", 3000.0)
    added = {"details": KODI_EPISODE, "properties": KODI_PROPERTIES}
    early = said(told("kodi", kodi("Player.OnStop", {**data, "end": False}, **added)))
    assert (early.type, early.state) == ("progress", PlayerState.STOPPED)


@pytest.mark.parametrize(("playcount", "type_"), [(1, "watch"), (3, "watch"), (0, "unwatch")])
def test_a_play_count_is_a_mark(playcount: int, type_: str) -> None:
    data = {"item": {"id": 7, "type": "episode"}, "playcount": playcount}
    found = said(told("kodi", kodi("VideoLibrary.OnUpdate", data, details=KODI_EPISODE)))
    assert (found.type, found.player) == (type_, None)


def test_the_library_lists_and_removes() -> None:
    film = {"title": "Metropolis", "year": 1927, "uniqueid": {"imdb": "tt0017136"}}
    added = {"added": True, "item": {"id": 12, "type": "movie"}}
    (listed,) = told("kodi", kodi("VideoLibrary.OnUpdate", added, details=film)).things
    removed = {"id": 12, "type": "movie"}
    (gone,) = told("kodi", kodi("VideoLibrary.OnRemove", removed, details=film)).things
    assert isinstance(listed, Listed)
    assert isinstance(gone, Removed)
    assert listed.reference.kind is Kind.MOVIE


def test_what_isnt_in_the_library_has_a_title() -> None:
    data = {"item": {"type": "movie", "title": "Metropolis", "year": 1927}, "end": True}
    found = reference(told("kodi", kodi("Player.OnStop", data)))
    assert (found.title, found.year) == ("Metropolis", 1927)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (kodi(), "follow kodi"),
        (kodi("VideoLibrary.OnRemove", {"id": 12, "type": "movie"}), "DELETE /v1/catalog/items"),
        (kodi("Player.OnAVStart"), "nothing of what is watched"),
        (kodi("System.OnQuit", {}), "nothing of what is watched"),
        (kodi(details=KODI_EPISODE), "how far"),
        (kodi("Player.OnPlay", {"item": {"id": 1, "type": "song"}}), "music"),
        (kodi("Player.OnPlay", {"item": {"id": 1, "type": "channel"}}), "live television"),
        (kodi("Player.OnPlay", {"item": {"title": "a.mkv", "type": "unknown"}}), "unknown"),
    ],
)
def test_what_cant_be_kept_is_ignored_and_says_what_to_do(value: Any, why: str) -> None:
    heard = told("kodi", value)
    assert list(heard.things) == []
    assert heard.why_ignored is not None
    assert why in heard.why_ignored


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (kodi("Player.OnPlay", {}), "what kind of thing"),
        (kodi("Player.OnPlay", {"item": {"type": "episode"}}), "names no episode"),
        (
            kodi(details=KODI_EPISODE, properties={"time": {"hours": -1}}),
            "no position",
        ),
        (
            kodi(details=KODI_EPISODE, properties={"time": {"hours": "nan"}}),
            "no position",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(value: Any, why: str) -> None:
    with pytest.raises(NotUnderstood, match=why):
        told("kodi", value)

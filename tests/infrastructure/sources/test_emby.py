"""Emby's webhooks, as a form and as JSON."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.events import PlayerState
from domain.items import Kind
from infrastructure.sources.heard import Account, Listed, NotUnderstood, Player, Removed
from infrastructure.sources.kinds import hear
from tests.infrastructure.sources.shapes import (
    EMBY_EPISODE,
    EMBY_SEASON,
    EMBY_SERIES,
    EMBY_SERVER,
    emby,
    form,
    said,
    told,
)

_LOCAL = f"emby.{EMBY_SERVER}"


def test_a_pause_is_progress_at_its_time() -> None:
    found = said(told("emby", emby()))
    assert (found.type, found.state) == ("progress", PlayerState.PAUSED)
    assert (found.played_seconds, found.duration_seconds) == (600.0, 3000.0)
    assert found.occurred_at == datetime(2026, 3, 2, 19, 15, 0, 520_005, tzinfo=UTC)
    assert found.account == Account("e6a9dd89fd954d689870e7e0e3e72947", "ann")
    assert found.player == Player("30239450-1748", "den", "Emby Theater")
    episode = found.reference
    assert episode.ids == {"tvdb": "304585", "imdb": "tt0679185", _LOCAL: "240252"}
    assert episode.show is not None
    assert episode.show.ids == {_LOCAL: "240202"}
    assert (episode.show.title, episode.show.year) == ("The Prisoner", None)
    assert (episode.season, episode.episode) == (1, 4)


def test_a_form_says_the_same() -> None:
    assert hear("emby", form("data", json.dumps(emby()).encode())) == told("emby", emby())


def test_a_stop_is_a_watch_only_at_the_end() -> None:
    finished = said(told("emby", emby("playback.stop", PlayedToCompletion=True)))
    assert (finished.type, finished.duration_seconds) == ("watch", 3000.0)
    early = said(told("emby", emby("playback.stop", PlayedToCompletion=False)))
    assert (early.type, early.state) == ("progress", PlayerState.STOPPED)


@pytest.mark.parametrize("event", ["playback.start", "playback.unpause"])
def test_what_starts_or_goes_on_is_playing(event: str) -> None:
    assert said(told("emby", emby(event))).state is PlayerState.PLAYING


@pytest.mark.parametrize(
    ("item", "kind"),
    [(EMBY_EPISODE, Kind.EPISODE), (EMBY_SEASON, Kind.SEASON), (EMBY_SERIES, Kind.SHOW)],
)
def test_a_mark_is_one_on_what_was_marked_and_names_no_device(
    item: dict[str, Any], kind: Kind
) -> None:
    for event, type_ in (("item.markplayed", "watch"), ("item.markunplayed", "unwatch")):
        found = said(told("emby", emby(event, item)))
        assert (found.type, found.player, found.reference.kind) == (type_, None, kind)


def test_a_season_is_named_by_its_show_and_number() -> None:
    season = said(told("emby", emby("item.markplayed", EMBY_SEASON))).reference
    assert season.show is not None
    assert season.show.ids == {_LOCAL: "240202"}
    assert (season.season, season.episode) == (1, None)


def test_the_library_lists_and_removes() -> None:
    (listed,) = told("emby", emby("library.new")).things
    (removed,) = told("emby", emby("library.deleted")).things
    assert isinstance(listed, Listed)
    assert isinstance(removed, Removed)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (emby("system.notificationtest", None), "test"),
        (emby("user.authenticated", None), "nothing of what is watched"),
        (emby("item.rate"), "rating"),
        (emby("playback.start", {"Type": "Audio", "Name": "Fidelio"}), "music"),
        (emby("playback.start", {"Type": "TvChannel", "Name": "One"}), "live television"),
        (emby("playback.start", {**EMBY_EPISODE, "IsLive": True}), "live television"),
        (emby("playback.start", {**EMBY_EPISODE, "ExtraType": "Trailer"}), "trailer"),
        (emby("playback.stop", PositionTicks=None), "how far"),
    ],
)
def test_what_isnt_kept_is_ignored_for_a_reason(value: Any, why: str) -> None:
    heard = told("emby", value)
    assert list(heard.things) == []
    assert heard.why_ignored is not None
    assert why in heard.why_ignored


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({**emby(), "User": {}}, "whose account"),
        (emby("playback.start", None), "what kind of thing"),
        (emby("playback.start", {"Type": "Episode"}), "names no episode"),
        (emby(PositionTicks="soon"), "no position"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(value: Any, why: str) -> None:
    with pytest.raises(NotUnderstood, match=why):
        told("emby", value)

"""Jellyfin's official webhook plugin: all properties, or a template of the user's."""

from datetime import UTC, datetime
from typing import Any

import pytest

from domain.events import PlayerState
from domain.items import Kind
from infrastructure.sources.heard import Account, Listed, NotUnderstood, Player, Removed
from infrastructure.sources.kinds import hear
from tests.infrastructure.sources.shapes import (
    JELLYFIN_EPISODE,
    JELLYFIN_FILM,
    JELLYFIN_SERVER,
    JELLYFIN_TEMPLATE,
    JSON,
    as_json,
    jellyfin,
    reference,
    said,
    told,
)

_LOCAL = f"jellyfin.{JELLYFIN_SERVER}"
_AT = datetime(2026, 3, 2, 19, 15, 0, 123_456, tzinfo=UTC)


def test_a_tick_is_progress_at_its_time() -> None:
    found = said(told("jellyfin", jellyfin()))
    assert (found.type, found.state) == ("progress", PlayerState.PLAYING)
    assert (found.played_seconds, found.duration_seconds) == (1530.0, 9180.0)
    assert found.occurred_at == _AT
    assert found.account == Account("b0a1c2d3e4f54a5b8c9d0e1f2a3b4c5d", "ann")
    assert found.player == Player("TW96aWxsYQ", "Big screen", "Jellyfin Web")
    film = found.reference
    assert (film.kind, film.title, film.year) == (Kind.MOVIE, "Metropolis", 1927)
    assert film.ids == {"imdb": "tt0017136", "tmdb": "19", _LOCAL: JELLYFIN_FILM["ItemId"]}


@pytest.mark.parametrize(
    ("event", "changed", "state"),
    [
        ("PlaybackStart", {}, PlayerState.PLAYING),
        ("PlaybackProgress", {"IsPaused": True}, PlayerState.PAUSED),
        ("PlaybackStop", {"PlayedToCompletion": False}, PlayerState.STOPPED),
        ("PlaybackStop", {"IsPaused": True}, PlayerState.STOPPED),
    ],
)
def test_states_are_seen_in_progress_too(
    event: str, changed: dict[str, Any], state: PlayerState
) -> None:
    assert said(told("jellyfin", jellyfin(event, **changed))).state is state


def test_a_stop_at_the_end_is_a_watch() -> None:
    found = said(told("jellyfin", jellyfin("PlaybackStop", PlayedToCompletion=True)))
    assert (found.type, found.duration_seconds, found.occurred_at) == ("watch", 9180.0, _AT)


def test_an_episode_has_its_own_ids_and_the_show_its_year() -> None:
    found = said(told("jellyfin", jellyfin(about=JELLYFIN_EPISODE))).reference
    assert found.ids == {"tvdb": "304585", _LOCAL: JELLYFIN_EPISODE["ItemId"]}
    assert found.show is not None
    assert found.show.ids == {_LOCAL: JELLYFIN_EPISODE["SeriesId"]}
    assert (found.show.title, found.show.year) == ("The Prisoner", 1967)
    assert (found.season, found.episode, found.year) == (1, 4, None)


@pytest.mark.parametrize("content_type", ["text/plain; charset=utf-8", JSON, ""])
def test_a_template_gives_the_same_as_text(content_type: str) -> None:
    found = said(hear("jellyfin", as_json(JELLYFIN_TEMPLATE, content_type)))
    typed = said(told("jellyfin", jellyfin(about=JELLYFIN_EPISODE, ClientName=None)))
    assert found.state is PlayerState.STOPPED
    assert found.reference == typed.reference
    assert (found.account, found.player) == (typed.account, typed.player)
    assert (found.played_seconds, found.duration_seconds) == (600.0, 3000.0)


def test_a_time_as_templates_write_it_may_mean_another_day_and_is_left_out() -> None:
    assert said(hear("jellyfin", as_json(JELLYFIN_TEMPLATE))).occurred_at is None


def test_true_and_false_are_read_as_templates_write_them() -> None:
    finished = {**JELLYFIN_TEMPLATE, "PlayedToCompletion": "True"}
    assert said(told("jellyfin", finished)).type == "watch"


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ('The \\"Great\\" Game', 'The "Great" Game'),
        ("Pride &amp; Prejudice", "Pride & Prejudice"),
        ("Ocean&#39;s Eleven", "Ocean's Eleven"),
        ("AT&T", "AT&T"),
        ("Cut&copy", "Cut&copy"),
    ],
)
def test_what_is_escaped_twice_is_read_twice(sent: str, name: str) -> None:
    assert said(told("jellyfin", jellyfin(Name=sent))).reference.title == name


@pytest.mark.parametrize(("played", "type_"), [(True, "watch"), (False, "unwatch")])
def test_what_was_toggled_by_hand_is_a_mark_of_no_device(played: bool, type_: str) -> None:
    saved = jellyfin("UserDataSaved", SaveReason="TogglePlayed", Played=played)
    found = said(told("jellyfin", saved))
    assert (found.type, found.player, found.occurred_at) == (type_, None, _AT)
    assert found.account.name == "ann"


@pytest.mark.parametrize(
    "reason",
    ["PlaybackStart", "PlaybackProgress", "PlaybackFinished", "UpdateUserRating", "Import"],
)
def test_what_is_saved_for_another_reason_is_an_echo(reason: str) -> None:
    heard = told("jellyfin", jellyfin("UserDataSaved", SaveReason=reason, Played=True))
    assert list(heard.things) == []
    assert heard.why_ignored is not None
    assert reason in heard.why_ignored


def test_the_library_lists_and_removes() -> None:
    (listed,) = told("jellyfin", jellyfin("ItemAdded", JELLYFIN_EPISODE)).things
    (removed,) = told("jellyfin", jellyfin("ItemDeleted", JELLYFIN_EPISODE)).things
    assert isinstance(listed, Listed)
    assert isinstance(removed, Removed)
    assert listed.reference == removed.reference


def test_series_and_seasons_are_named_as_such() -> None:
    series = jellyfin("ItemAdded", ItemType="Series", Name="The Prisoner", Year=1967)
    found = reference(told("jellyfin", series))
    assert (found.kind, found.title, found.year) == (Kind.SHOW, "The Prisoner", 1967)
    season = jellyfin("ItemAdded", JELLYFIN_EPISODE, ItemType="Season", EpisodeNumber=None)
    found = reference(told("jellyfin", season))
    assert (found.kind, found.season, found.episode) == (Kind.SEASON, 1, None)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (jellyfin(ItemType="Audio"), "music"),
        (jellyfin(ItemType="Trailer"), "trailer"),
        (jellyfin(ItemType="LiveTvChannel"), "live television"),
        (jellyfin(ItemType="Book"), "Book"),
        (jellyfin("AuthenticationSuccess", {}), "nothing of what is watched"),
        (jellyfin("TaskCompleted", {}), "nothing of what is watched"),
        (jellyfin(PlaybackPositionTicks=None), "how far"),
        ({"Name": "", "Description": "", "Date": "", "Level": "", "Url": ""}, "nothing of what"),
    ],
)
def test_what_isnt_kept_is_ignored_for_a_reason(value: Any, why: str) -> None:
    heard = told("jellyfin", value)
    assert list(heard.things) == []
    assert heard.why_ignored is not None
    assert why in heard.why_ignored


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (jellyfin(ItemType=None), "what kind of thing"),
        (jellyfin(UserId=None, NotificationUsername=None), "whose account"),
        (jellyfin(PlaybackPositionTicks="nan"), "no position"),
        (jellyfin(PlaybackPositionTicks=-1), "no position"),
        (jellyfin(PlaybackPositionTicks=2**62), "no position"),
        (jellyfin("UserDataSaved"), "SaveReason"),
        (jellyfin("UserDataSaved", SaveReason="TogglePlayed"), "Played is missing"),
        ({"ItemId": "1", "Name": "Metropolis"}, "NotificationType"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(value: Any, why: str) -> None:
    with pytest.raises(NotUnderstood, match=why):
        told("jellyfin", value)

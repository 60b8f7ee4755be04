"""Tautulli, by the template that it is given."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from domain.events import PlayerState
from domain.items import Kind
from infrastructure.sources.heard import Account, Listed, NotUnderstood, Player
from infrastructure.sources.tautulli import TEMPLATE
from tests.infrastructure.sources.shapes import PLEX_SERVER, said, tautulli, told

_LOCAL = f"plex.{PLEX_SERVER}"


def test_what_is_pasted_has_a_parameter_for_each_field() -> None:
    template = json.loads(TEMPLATE)
    assert template == {name: f"{{{name}}}" for name in tautulli()}


def test_a_pause_is_progress_at_its_time() -> None:
    found = said(told("tautulli", tautulli()))
    assert (found.type, found.state) == ("progress", PlayerState.PAUSED)
    assert (found.played_seconds, found.duration_seconds) == (600.0, 3000.0)
    assert found.occurred_at == datetime(2026, 3, 2, 19, 15, tzinfo=UTC)
    assert found.account == Account("1", "ann")
    assert found.player == Player("9hn2yq7w3kd0", "Big screen", "Plex for Android (TV)")
    assert found.library == "Television"


def test_under_todays_agents_ids_are_the_episodes() -> None:
    found = said(told("tautulli", tautulli())).reference
    assert found.ids == {
        "plex": "5d9c0f5d2df347001e3b0f0b",
        "imdb": "tt0679185",
        "tvdb": "304585",
    }
    assert found.show is not None
    assert found.show.ids == {_LOCAL: "3000"}
    assert (found.title, found.show.title, found.show.year) == (
        "Free for All",
        "The Prisoner",
        1967,
    )


def test_under_the_agents_before_ids_are_the_shows() -> None:
    guid = "com.plexapp.agents.thetvdb://74805/1/4?lang=en"
    legacy = tautulli(guid=guid, thetvdb_id="74805", imdb_id="tt0061287")
    found = said(told("tautulli", legacy)).reference
    assert found.ids == {_LOCAL: "3012"}
    assert found.show is not None
    assert found.show.ids == {_LOCAL: "3000", "tvdb": "74805", "imdb": "tt0061287"}
    assert (found.season, found.episode) == (1, 4)


def test_ids_that_could_be_either_are_left_out() -> None:
    found = said(told("tautulli", tautulli(guid=""))).reference
    assert found.ids == {_LOCAL: "3012"}
    assert found.show is not None
    assert found.show.ids == {_LOCAL: "3000"}


def test_a_film_has_its_ids() -> None:
    film = tautulli(
        media_type="movie",
        title="Metropolis",
        year="1927",
        guid="com.plexapp.agents.imdb://tt0017136?lang=en",
        imdb_id="tt0017136",
        thetvdb_id="",
        themoviedb_id="19",
        episode_name="",
        show_name="",
    )
    found = said(told("tautulli", film)).reference
    assert (found.kind, found.title, found.year) == (Kind.MOVIE, "Metropolis", 1927)
    assert found.ids == {"imdb": "tt0017136", "tmdb": "19", _LOCAL: "3012"}


@pytest.mark.parametrize(
    ("action", "state"),
    [
        ("play", PlayerState.PLAYING),
        ("resume", PlayerState.PLAYING),
        ("stop", PlayerState.STOPPED),
    ],
)
def test_each_action_says_what_the_player_does(action: str, state: PlayerState) -> None:
    assert said(told("tautulli", tautulli(action))).state is state


def test_watched_is_a_watch_with_the_length() -> None:
    found = said(told("tautulli", tautulli("watched")))
    assert (found.type, found.duration_seconds) == ("watch", 3000.0)


@pytest.mark.parametrize(
    ("changed", "at"),
    [
        ({"utctime": "2026-03-02T19:15:00"}, datetime(2026, 3, 2, 19, 15, tzinfo=UTC)),
        ({"utctime": "", "unixtime": "1772478900"}, datetime(2026, 3, 2, 19, 15, tzinfo=UTC)),
        ({"utctime": "today", "unixtime": "nan"}, None),
    ],
)
def test_times_are_utc(changed: dict[str, str], at: datetime | None) -> None:
    assert said(told("tautulli", tautulli(**changed))).occurred_at == at


def test_without_the_episodes_own_title_it_is_what_follows_the_shows() -> None:
    found = said(told("tautulli", tautulli(episode_name=""))).reference
    assert found.title == "Free for All"


def listed(**changed: Any) -> list[tuple[int | None, int | None, dict[str, str]]]:
    things = told("tautulli", tautulli("created", user_id="", username="", **changed)).things
    assert all(isinstance(each, Listed) for each in things)
    found = [each.reference for each in things]
    return [(each.season, each.episode, dict(each.ids)) for each in found]


def test_one_new_episode_is_listed_with_its_ids() -> None:
    ((season, episode, ids),) = listed()
    assert (season, episode) == (1, 4)
    assert ids["plex"] == "5d9c0f5d2df347001e3b0f0b"


@pytest.mark.parametrize("media_type", ["season", "episode"])
def test_new_episodes_that_come_together_are_listed_each_by_its_number(media_type: str) -> None:
    found = listed(media_type=media_type, episode_num="1-3,7")
    assert found == [(1, 1, {}), (1, 2, {}), (1, 3, {}), (1, 7, {})]


def test_no_library_has_so_many_new_episodes_at_once() -> None:
    with pytest.raises(NotUnderstood, match="more than 500"):
        listed(episode_num="1-999999999")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (tautulli("test", media_type=""), "test"),
        (tautulli("buffer"), "nothing of what is watched"),
        (tautulli("play", media_type="track"), "music"),
        (tautulli("play", media_type="clip"), "trailer"),
        (tautulli("play", live="1"), "live television"),
        (tautulli("stop", view_offset=""), "how far"),
    ],
)
def test_what_isnt_kept_is_ignored_for_a_reason(value: Any, why: str) -> None:
    heard = told("tautulli", value)
    assert list(heard.things) == []
    assert heard.why_ignored is not None
    assert why in heard.why_ignored


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (tautulli(user_id="", username=""), "whose account"),
        (tautulli(media_type=""), "what kind of thing"),
        (tautulli(view_offset="-1"), "no position"),
        ({"text": "ann is watching something"}, "paste the template"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(value: Any, why: str) -> None:
    with pytest.raises(NotUnderstood, match=why):
        told("tautulli", value)

"""A file of several episodes, of which a server makes one event."""

from typing import Any

import pytest

from infrastructure.sources.heard import Heard, Listed, NotUnderstood, Removed, Said
from tests.infrastructure.sources.shapes import (
    EMBY_EPISODE,
    JELLYFIN_EPISODE,
    JELLYFIN_SERVER,
    emby,
    jellyfin,
    jellyfin_webhooks,
    told,
)

_MINUTE_TICKS = 600_000_000


def double(event: str = "PlaybackProgress", at_minutes: float = 10, **changed: Any) -> Heard:
    """An hour and a half of the episodes 4 to 6, half an hour each."""
    about = {
        **JELLYFIN_EPISODE,
        "EpisodeNumberEnd": 6,
        "RunTimeTicks": 90 * _MINUTE_TICKS,
        "PlaybackPositionTicks": round(at_minutes * _MINUTE_TICKS),
    }
    return told("jellyfin", jellyfin(event, about, **changed))


def facts(heard: Heard) -> list[tuple[str, int | None, float | None, bool]]:
    """Type, episode, position and whether it is by now, of all that was said."""
    found = [each for each in heard.things if isinstance(each, Said)]
    assert len(found) == len(heard.things)
    return [(x.type, x.reference.episode, x.played_seconds, x.by_now) for x in found]


def test_all_are_in_its_title() -> None:
    assert double().title == "The Prisoner S01E04-E06 Free for All"


@pytest.mark.parametrize(
    ("minutes", "episode", "seconds"),
    [(0, 4, 0), (10, 4, 600), (29.9, 4, 1794), (30, 5, 0), (75, 6, 900), (90, 6, 1800)],
)
def test_a_tick_is_one_of_the_episode_that_it_falls_in(
    minutes: float, episode: int, seconds: float
) -> None:
    heard = double(at_minutes=minutes)
    (found,) = heard.things
    assert isinstance(found, Said)
    assert (found.type, found.reference.episode) == ("progress", episode)
    assert found.played_seconds == pytest.approx(seconds)
    assert found.duration_seconds == found.reference.runtime_seconds == 1800


def test_the_first_has_run_out_before_the_second_begins() -> None:
    (last,) = double(at_minutes=29.99).things
    assert isinstance(last, Said)
    assert last.played_seconds is not None
    assert last.duration_seconds is not None
    assert last.played_seconds / last.duration_seconds > 0.99


def test_where_it_stops_those_before_are_watched_by_now() -> None:
    heard = double("PlaybackStop", 40, PlayedToCompletion=False)
    assert facts(heard) == [("watch", 4, None, True), ("progress", 5, 600, False)]
    watched, stopped = heard.things
    assert isinstance(watched, Said)
    assert isinstance(stopped, Said)
    assert watched.occurred_at is None
    assert stopped.occurred_at is not None


def test_where_it_stops_in_the_first_nothing_is_watched() -> None:
    assert facts(double("PlaybackStop", 20)) == [("progress", 4, 1200, False)]


def test_played_to_its_end_all_are_watched() -> None:
    heard = double("PlaybackStop", 89, PlayedToCompletion=True)
    assert facts(heard) == [
        ("watch", 4, None, True),
        ("watch", 5, None, True),
        ("watch", 6, None, False),
    ]


def test_a_mark_is_one_on_each_at_its_time() -> None:
    heard = double("UserDataSaved", SaveReason="TogglePlayed", Played=True)
    assert facts(heard) == [("watch", number, None, False) for number in (4, 5, 6)]
    assert all(isinstance(each, Said) and each.occurred_at for each in heard.things)


@pytest.mark.parametrize(("event", "type_"), [("ItemAdded", Listed), ("ItemDeleted", Removed)])
def test_the_library_has_each(event: str, type_: type[Listed | Removed]) -> None:
    things = double(event).things
    assert [type(each) for each in things] == [type_] * 3


def test_ids_are_the_first_ones() -> None:
    found = [x.reference for x in double("ItemAdded").things if isinstance(x, Listed)]
    local = f"jellyfin.{JELLYFIN_SERVER}"
    assert [dict(each.ids) for each in found] == [
        {"tvdb": "304585", local: JELLYFIN_EPISODE["ItemId"]},
        {},
        {},
    ]
    assert len({str(each.show) for each in found}) == 1


def test_without_a_length_nobody_knows_which_was_played() -> None:
    heard = double(RunTimeTicks=0)
    assert list(heard.things) == []
    assert heard.why_ignored is not None
    assert "several episodes" in heard.why_ignored


@pytest.mark.parametrize("last", [4, 3, 0, "", "nan", None, -1])
def test_a_last_number_that_isnt_after_the_first_is_none(last: Any) -> None:
    assert len(double("ItemAdded", EpisodeNumberEnd=last).things) == 1


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"EpisodeNumberEnd": 2**31 - 1}, "No file holds"),
        ({"EpisodeNumberEnd": 54}, "No file holds"),
        ({"SeasonNumber": None}, "season"),
    ],
)
def test_numbers_that_no_file_has_are_refused(changed: dict[str, Any], why: str) -> None:
    with pytest.raises(NotUnderstood, match=why):
        double(**changed)


def test_emby_and_the_other_plugin_have_them_too() -> None:
    item = {**EMBY_EPISODE, "IndexNumberEnd": 5}
    of_emby = told("emby", emby("playback.stop", item, PositionTicks=20_000_000_000))
    of_jellyfin = told("jellyfin", jellyfin_webhooks("Scrobble", Item=item))
    assert facts(of_emby) == [("watch", 4, None, True), ("progress", 5, 500, False)]
    assert facts(of_jellyfin) == [("watch", 4, None, True), ("watch", 5, None, False)]

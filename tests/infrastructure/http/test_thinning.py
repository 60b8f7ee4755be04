"""Progress that tells nothing new is answered as unchanged and isn't recorded (rule 32)."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from infrastructure.bootstrap import opened
from infrastructure.settings.settings import load_settings
from tests.helpers.api import Api, event, send, served

START = datetime.fromisoformat("2026-01-31T20:15:00+00:00")


@pytest.fixture
def tv(api: Api) -> httpx.Client:
    api.place_show("e1", "e2")
    return api.register("tv")


def tick(seconds: float, item: str = "episode:e1", **fields: Any) -> dict[str, Any]:
    """What a player reports that far into an hour that is played from the start on."""
    at = START + timedelta(seconds=seconds)
    played = {"played_seconds": seconds, "duration_seconds": 3600}
    return event(item, "progress", occurred_at=at.isoformat(), **{**played, **fields})


def statuses(client: httpx.Client, *events: dict[str, Any]) -> list[str]:
    return [each["status"] for each in send(client, *events)]


def test_of_a_minutes_ticks_one_is_recorded(tv: httpx.Client) -> None:
    ticks = [tick(600 + seconds) for seconds in range(0, 180, 10)]
    found = statuses(tv, *ticks[:5]) + [
        status for each in ticks[5:] for status in statuses(tv, each)
    ]
    assert found == (["recorded"] + ["unchanged"] * 5) * 3


def test_it_is_answered_with_the_position_of_the_one_that_it_repeats(tv: httpx.Client) -> None:
    first = tick(600)
    [recorded] = send(tv, first)
    again = tick(610)
    [unchanged] = send(tv, again)
    assert unchanged == {
        "id": again["id"],
        "status": "unchanged",
        "position": recorded["position"],
    }
    assert statuses(tv, first, again) == ["duplicate", "unchanged"]


def test_pauses_seeks_and_thresholds_are_always_told(tv: httpx.Client) -> None:
    told = [
        tick(600, state="playing"),
        tick(610, state="paused"),
        tick(611, state="playing"),
        tick(611, played_seconds=900, state="playing"),  # a seek
        tick(621, played_seconds=880, state="playing"),  # and back
        tick(622, played_seconds=3239, state="playing"),
        tick(624, played_seconds=3241, state="playing"),  # the end begins
    ]
    assert statuses(tv, *told) == ["recorded"] * len(told)


@pytest.mark.parametrize(
    ("said", "is_news"),
    [
        (event("episode:e1", "unwatch"), True),
        (event("season:s1"), True),
        (event("show_shelf:tv", "dismiss"), True),
        (event("episode:e2"), False),
    ],
)
def test_what_was_said_about_the_item_since_makes_a_tick_news(
    tv: httpx.Client, said: dict[str, Any], *, is_news: bool
) -> None:
    send(tv, tick(600), said)
    assert statuses(tv, tick(610)) == ["recorded" if is_news else "unchanged"]


def test_what_was_taken_back_is_not_repeated(tv: httpx.Client) -> None:
    first = tick(600)
    send(tv, first, {"id": event()["id"], "type": "retract", "retracts": first["id"]})
    assert statuses(tv, tick(610)) == ["recorded"]


def test_what_others_report_is_theirs(api: Api, tv: httpx.Client) -> None:
    send(api.register("phone"), tick(600))
    assert statuses(tv, tick(610)) == ["recorded"]


def test_every_second_is_recorded_if_it_is_set_so(database_url: str, tmp_path: Path) -> None:
    options = {
        "database_url": database_url,
        "data_dir": tmp_path,
        "admin_token": "the-admin",
        "progress_every_seconds": 0,
    }
    with opened(load_settings(options)) as services, served(services) as address:
        api = Api(address, "the-admin", services)
        tv = api.register("tv")
        assert statuses(tv, tick(600), tick(600), tick(601)) == ["recorded"] * 3
        api.close()

"""Time watched, plays and marks, over HTTP: a viewer's own, and all for the admin."""

from typing import Any

import httpx
import pytest

from tests.helpers.api import Api, problem
from tests.infrastructure.http.test_reading import Device


@pytest.fixture
def tv(api: Api) -> Device:
    return Device(api, "tv", display_name="Living room")


@pytest.fixture
def kid(api: Api) -> Device:
    return Device(api, "kid", user="kid")


@pytest.fixture
def watched(api: Api, tv: Device, kid: Device) -> None:
    """Two people who watched a show and a movie in two months."""
    api.place_show("e1", "e2")
    api.place_movies("a")
    follow(tv, "episode:e1", "2026-01-31T22:50:00Z", "2026-01-31T23:10:00Z", 1_200)
    follow(kid, "movie:a", "2026-02-11T20:00:00Z", "2026-02-11T20:10:00Z", 600)
    tv.says("watch", "episode:e1", "episode:e2", occurred_at="2026-01-10T20:00:00Z")
    kid.says("watch", "movie:a", occurred_at="2026-02-11T20:00:00Z")


def follow(device: Device, item: str, start: str, end: str, seconds: float) -> None:
    """A player that reports as it begins and as it ends."""
    for at, played_seconds in ((start, 0), (end, seconds)):
        fields = {"played_seconds": played_seconds, "duration_seconds": 9_000}
        device.says("progress", item, occurred_at=at, **fields)


def of_all(api: Api, **params: Any) -> dict[str, Any]:
    after = api.services.ledger.head().position
    answer = api.admin.get("/v1/stats", params={"after": after, **params})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def told(page: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [
        (row["key"], row["watched_seconds"], row["plays"], row["marks"]) for row in page["rows"]
    ]


@pytest.mark.usefixtures("watched")
def test_the_admin_asks_of_all_by_month_unless_said(api: Api) -> None:
    found = of_all(api)
    assert told(found) == [("2026-01", 1200.0, 2, 2), ("2026-02", 600.0, 1, 1)]
    assert found["total"] == {"watched_seconds": 1800.0, "plays": 3, "marks": 3}
    assert found["undated"] == {"watched_seconds": 0.0, "plays": 0, "marks": 0}
    assert (found["by"], found["time_zone"]) == ("month", "UTC")
    assert found["position"] == api.services.ledger.head().position


@pytest.mark.usefixtures("watched")
def test_it_is_asked_by_user_and_item_and_span(api: Api) -> None:
    assert told(of_all(api, by="user")) == [("ann", 1200.0, 2, 2), ("kid", 600.0, 1, 1)]
    assert told(of_all(api, by="show", user="ann")) == [("show:s", 1200.0, 2, 2)]
    assert told(of_all(api, by="year", of="show:s")) == [("2026", 1200.0, 2, 2)]
    assert told(of_all(api, by="year", user="nobody")) == []
    january = {"since": "2026-01-01", "until": "2026-01-31"}
    assert told(of_all(api, by="year", **january)) == [("2026", 1200.0, 2, 2)]
    berlin = of_all(api, by="kind", time_zone="Europe/Berlin", **january)
    assert told(berlin) == [("episode", 600.0, 2, 2)]


@pytest.mark.usefixtures("watched")
def test_rows_have_titles_where_there_are_any(api: Api) -> None:
    assert [row["title"] for row in of_all(api, by="show")["rows"]] == ["The Show", None]
    by_device = of_all(api, by="device", user="ann")["rows"]
    assert [(row["key"], row["title"]) for row in by_device] == [("device-tv", "Living room")]


@pytest.mark.usefixtures("watched")
def test_a_device_asks_what_it_sees(api: Api, tv: Device) -> None:
    assert told(tv.read("/stats", by="user")) == [("ann", 1200.0, 2, 2)]
    assert told(
        tv.read("/stats", by="weekday_hour", time_zone="Europe/Berlin", since="2026-01-31")
    ) == [
        ("6-23", 600.0, 0, 0),
        ("7-00", 600.0, 0, 0),
    ]
    silo = Device(api, "silo", isolation_mode="silo")
    assert silo.read("/stats")["rows"] == []


@pytest.mark.usefixtures("watched")
def test_what_is_withheld_is_not_in_a_devices_and_is_unknown_to_it(api: Api, tv: Device) -> None:
    follow(tv, "movie:a", "2026-03-01T20:00:00Z", "2026-03-01T20:10:00Z", 600)
    assert told(tv.read("/stats", by="kind", since="2026-01-31")) == [
        ("episode", 1200.0, 0, 0),
        ("movie", 600.0, 0, 0),
    ]
    access = {"allowed_shelves": ["show_shelf:tv"], "allowed_tags": None, "denied_tags": []}
    assert api.admin.put("/v1/users/ann/access", json=access).status_code == 200
    assert told(tv.read("/stats", by="kind", since="2026-01-31")) == [("episode", 1200.0, 0, 0)]
    assert tv.read("/stats", of="episode:e1")["total"]["watched_seconds"] == 1200.0
    for item in ("movie:a", "movie:unheard", "movie_shelf:m"):
        assert problem(tv.get("/stats", of=item)) == (404, "unknown_item")


@pytest.mark.usefixtures("watched")
def test_stats_come_in_pages(api: Api, tv: Device) -> None:
    for by in ("item", "hour", "day"):
        whole = of_all(api, by=by)
        first = of_all(api, by=by, limit=1)
        rest = of_all(api, by=by, cursor=first["next_cursor"])
        assert len(whole["rows"]) > 1
        assert first["rows"] + rest["rows"] == whole["rows"]
        assert first["total"] == rest["total"] == whole["total"]
        assert rest["next_cursor"] is None
    assert tv.paged("/stats", "rows", by="day", limit=1) == tv.read("/stats", by="day")["rows"]


MISASKED = [
    ({"by": "decade"}, "by", "'weekday_hour'"),
    ({"by": ""}, "by", "'hour'"),
    ({"time_zone": "Berlin"}, "time_zone", "send a name such as Europe/Berlin"),
    ({"time_zone": "+02:00"}, "time_zone", "send a name such as Europe/Berlin"),
    ({"since": "2026"}, "since", "send a time such as 2026-01-31T20:15:00Z"),
    ({"until": "1769890500"}, "until", "send a time such as 2026-01-31T20:15:00Z"),
    ({"since": "2026-02-02", "until": "2026-02-01"}, "since", "send the earlier of the two"),
    ({"of": "show"}, "of", ""),
]


@pytest.mark.parametrize(("params", "parameter", "detail"), MISASKED)
def test_what_makes_no_sense_is_refused_by_name(
    shared_api: Api, params: dict[str, str], parameter: str, detail: str
) -> None:
    for path in ("/v1/stats", "/v1/device-users/any/stats"):
        if path.endswith("any/stats"):
            shared_api.admin.put("/v1/device-users/any", json={"user": "any", "device": "any"})
        answer = shared_api.admin.get(path, params=params)
        assert problem(answer) == (400, "invalid_parameter")
        [fault] = answer.json()["errors"]
        assert fault["parameter"] == parameter
        assert detail in fault["detail"]


def test_a_users_name_and_a_cursor_are_checked(shared_api: Api, tv_client: httpx.Client) -> None:
    assert problem(shared_api.admin.get("/v1/stats?user=")) == (400, "invalid_parameter")
    assert problem(shared_api.admin.get("/v1/stats?cursor=x")) == (400, "invalid_cursor")
    assert problem(tv_client.get("/v1/stats")) == (403, "admin_only")


@pytest.fixture(scope="module")
def tv_client(shared_api: Api) -> httpx.Client:
    return shared_api.register("tv")

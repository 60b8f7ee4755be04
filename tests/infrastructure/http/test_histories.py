"""Every recorded event is found again (rule 20), a page at a time, however much is appended."""

from typing import Any

import pytest

from tests.helpers.api import Api, event, send


def history(api: Api, **params: Any) -> dict[str, Any]:
    asked = {"after": api.services.ledger.head().position, **params}
    answer = api.admin.get("/v1/history", params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def positions(api: Api, **params: Any) -> list[int]:
    return [each["position"] for each in history(api, **params)["events"]]


@pytest.fixture
def said(api: Api) -> list[int]:
    """Ann and Bob said something; the positions of the five events."""
    tv, phone = api.register("tv"), api.register("phone", user="bob")
    api.place_show("e1", "e2")
    first = send(
        tv,
        event("episode:e1", occurred_at="2026-01-01T00:00:00Z"),
        event("show:s", "unwatch", occurred_at="2026-01-03T00:00:00Z"),
        event("movie:unknown", occurred_at="2026-01-05T00:00:00Z"),
    )
    second = send(
        phone,
        event("episode:e1", occurred_at="2026-01-02T00:00:00Z"),
        event("episode:e2", occurred_at="2026-01-04T00:00:00Z"),
    )
    return [result["position"] for result in (*first, *second)]


def test_events_are_found_by_who_said_them(api: Api, said: list[int]) -> None:
    watch, unwatch, unknown, bobs, bobs_next = said
    types = ["watch", "unwatch"]
    assert positions(api, cduid="tv", type=types) == [unknown, unwatch, watch]
    assert positions(api, user="bob", type=types) == [bobs_next, bobs]


def test_an_items_history_has_what_was_said_about_its_containers(api: Api, said: list[int]) -> None:
    watch, unwatch, _, bobs, bobs_next = said
    types = ["watch", "unwatch"]
    assert positions(api, item="episode:e1", type=types) == [unwatch, bobs, watch]
    assert positions(api, item="show:s", type=types) == [unwatch]
    assert positions(api, under="show:s", type=types) == [bobs_next, unwatch, bobs, watch]


def test_times_are_half_open_and_order_is_asked_for(api: Api, said: list[int]) -> None:
    _, unwatch, _, bobs, _ = said
    span = {"since": "2026-01-02T00:00:00Z", "until": "2026-01-04T00:00:00Z"}
    assert positions(api, **span) == [unwatch, bobs]
    assert positions(api, **span, order="oldest") == [bobs, unwatch]
    assert positions(api, **span, from_position=bobs) == [bobs]


def test_pages_neither_repeat_nor_miss_anything_while_events_arrive(
    api: Api, said: list[int]
) -> None:
    first = history(api, limit=3, type=["watch", "unwatch"])
    late = event("episode:e2", occurred_at="2026-01-01T12:00:00Z", cduid="tv")
    [result] = send(api.admin, late)
    cursor = first["next_cursor"]
    second = history(api, limit=3, type=["watch", "unwatch"], cursor=cursor)
    found = [each["position"] for each in (*first["events"], *second["events"])]
    assert sorted(found) == sorted(said)
    assert result["position"] not in found
    assert second["next_cursor"] is None


def test_settings_and_catalog_are_in_the_admins_history(api: Api, said: list[int]) -> None:
    assert said
    placed = history(api, type="item_placed", item="season:s1")["events"]
    assert [(each["type"], each["parent"], each["cduid"]) for each in placed] == [
        ("item_placed", "show:s", None)
    ]
    [registered] = history(api, type="device_user_registered", user="bob")["events"]
    assert (registered["cduid"], registered["device"]) == ("phone", "device-phone")


def test_the_group_history_is_that_of_all_whom_the_viewer_sees(api: Api) -> None:
    tv, _ = api.register("tv"), api.register("bobs", user="bob")
    phone = api.register("phone")
    [own], [others] = send(tv, event("movie:a")), send(phone, event("movie:b"))
    send(api.admin, event("movie:c", cduid="bobs"))
    path = "/v1/device-users/tv/history"
    params = {"after": others["position"] + 1, "type": "watch"}
    alone = tv.get(path, params=params).json()["events"]
    group = tv.get(path, params={**params, "group": True}).json()["events"]
    assert [each["position"] for each in alone] == [own["position"]]
    assert [each["position"] for each in group] == [others["position"], own["position"]]

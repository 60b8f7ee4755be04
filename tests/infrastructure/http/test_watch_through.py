"""All of a show was watched up to an episode: one request, a watch of each."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx
import pytest

from domain.events import CATALOG_STREAM, Details, ItemDescribed
from infrastructure.ledger.entries import Append, Entry
from tests.helpers.api import Api, event, problem, send

PATH = "/v1/device-users/tv/watch-through"
YESTERDAY = "2026-01-31T20:15:00Z"


@pytest.fixture
def tv(api: Api) -> httpx.Client:
    """The device of ann, who has a show of two seasons and a special before her."""
    api.place_show("e1", "e2", "e3")
    api.place(
        {"item": "season:s2", "parent": "show:s", "index": 2},
        {"item": "season:s0", "parent": "show:s", "index": 0},
        {"item": "episode:f1", "parent": "season:s2", "index": 1},
        {"item": "episode:f2", "parent": "season:s2", "index": 2},
        {"item": "episode:special", "parent": "season:s0", "index": 1},
    )
    return api.register("tv")


def asked(item: str = "episode:e2", **fields: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "item": item, **fields}


def statuses(client: httpx.Client, body: dict[str, Any]) -> list[str]:
    answer = client.post(PATH, json=body)
    assert answer.status_code == 200, answer.text
    return [each["status"] for each in answer.json()["results"]]


def said_on(api: Api, client: httpx.Client) -> list[str]:
    """The items that were watched, in the order in which that was recorded."""
    after = api.services.ledger.head().position
    params: dict[str, Any] = {"type": "watch", "order": "oldest", "after": after}
    events = client.get("/v1/device-users/tv/history", params=params).json()["events"]
    return [each["item"] for each in sorted(events, key=lambda each: each["position"])]


def test_each_unwatched_episode_is_watched_up_to_the_one_that_is_named(
    api: Api, tv: httpx.Client
) -> None:
    send(tv, event("episode:e2"))
    body = asked("episode:f1", occurred_at=YESTERDAY)
    answer = tv.post(PATH, json=body)
    results = answer.json()["results"]
    names = [uuid5(UUID(body["id"]), f"episode:{key}") for key in ("e1", "e3", "f1")]
    assert [each["id"] for each in results] == [str(name) for name in names]
    assert [each["status"] for each in results] == ["recorded"] * 3
    assert answer.json()["position"] == results[-1]["position"]
    assert answer.headers["Watchledger-Position"] == str(answer.json()["position"])
    assert said_on(api, tv) == ["episode:e2", "episode:e1", "episode:e3", "episode:f1"]


def test_sent_again_it_says_the_same_again_and_nothing_more(tv: httpx.Client) -> None:
    body = asked()
    assert statuses(tv, body) == ["recorded", "recorded"]
    assert statuses(tv, body) == ["duplicate", "duplicate"]
    send(tv, event("episode:e1", "unwatch"), event("episode:e3"))
    assert statuses(tv, body) == ["duplicate", "duplicate"]
    assert statuses(tv, asked()) == ["recorded"]


def test_sent_again_it_finds_what_was_hidden_or_moved_since(api: Api, tv: httpx.Client) -> None:
    body = asked()
    statuses(tv, body)
    api.place(
        {"item": "show:t", "parent": "show_shelf:tv"},
        {"item": "season:t1", "parent": "show:t"},
        {"item": "episode:e1", "parent": "season:t1"},
    )
    api.admin.delete("/v1/catalog/items/episode:e2")
    assert statuses(tv, body) == ["duplicate", "duplicate"]


def test_other_content_under_its_id_is_a_conflict(tv: httpx.Client) -> None:
    body = asked()
    statuses(tv, body)
    answer = tv.post(PATH, json={**body, "undated": True}).json()
    assert {each["error"]["code"] for each in answer["results"]} == {"submission_conflict"}


def test_where_all_is_watched_nothing_is_recorded(tv: httpx.Client) -> None:
    [result] = send(tv, event("season:s1"))
    answer = tv.post(PATH, json=asked("episode:e3")).json()
    assert answer == {"results": [], "position": result["position"]}


def test_what_is_hidden_or_not_out_yet_is_left_out(api: Api, tv: httpx.Client) -> None:
    api.admin.delete("/v1/catalog/items/episode:e1")
    details = Details(index=2, released_at=datetime(2999, 1, 1, tzinfo=UTC))
    described = ItemDescribed(item="episode:e2", details=details)
    api.services.ledger.append([Append([Entry(CATALOG_STREAM, described)])])
    assert statuses(tv, asked("episode:e3")) == ["recorded"]
    assert said_on(api, tv) == ["episode:e3"]


def test_specials_come_with_each_other_only(api: Api, tv: httpx.Client) -> None:
    assert statuses(tv, asked("episode:special", undated=True)) == ["recorded"]
    assert statuses(tv, asked("episode:f2")) == ["recorded"] * 5
    assert "episode:special" not in said_on(api, tv)[1:]


def test_a_show_that_was_begun_anew_is_watched_anew(tv: httpx.Client) -> None:
    send(tv, event("show:s", occurred_at=YESTERDAY), event("show:s", "restart"))
    assert statuses(tv, asked()) == ["recorded", "recorded"]


def test_the_admin_may_and_another_device_may_not(api: Api, tv: httpx.Client) -> None:
    phone = api.register("phone")
    assert problem(phone.post(PATH, json=asked())) == (404, "unknown_device_user")
    assert problem(api.nobody.post(PATH, json=asked())) == (401, "token_missing")
    assert statuses(api.admin, asked()) == ["recorded", "recorded"]
    assert statuses(tv, asked()) == []


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"item": "season:s1"}, 400, "not_an_episode"),
        ({"item": "movie:a"}, 400, "not_an_episode"),
        ({"item": "episode:unknown"}, 404, "unknown_item"),
        ({"undated": True, "occurred_at": YESTERDAY}, 400, "invalid_body"),
        ({"id": "first"}, 400, "invalid_body"),
        ({"occurred_at": "yesterday"}, 400, "invalid_body"),
        ({"with": ["bob"]}, 400, "invalid_body"),
    ],
)
def test_what_cannot_be_watched_through(
    tv: httpx.Client, fields: dict[str, Any], status: int, code: str
) -> None:
    assert problem(tv.post(PATH, json={**asked(), **fields})) == (status, code)


def test_what_is_withheld_is_unknown(api: Api, tv: httpx.Client) -> None:
    limits: dict[str, Any] = {"allowed_shelves": [], "allowed_tags": None, "denied_tags": []}
    assert api.admin.put("/v1/users/ann/access", json=limits).status_code == 200
    assert problem(tv.post(PATH, json=asked())) == (404, "unknown_item")

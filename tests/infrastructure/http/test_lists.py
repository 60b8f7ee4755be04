"""Long lists a page at a time: whole, in order, and in step with what happens between pages."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import httpx
import pytest
from sqlalchemy import event as on

from tests.helpers.api import Api, event, problem, send
from tests.infrastructure.http.test_reading import Device

_START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def tv(api: Api) -> Device:
    return Device(api, "tv")


def at(minutes: int) -> str:
    return (_START + timedelta(minutes=minutes)).isoformat()


def names(listed: list[dict[str, Any]]) -> list[str]:
    return [each["item"] for each in listed]


def test_plays_of_a_long_life_are_the_same_page_by_page_and_at_once(api: Api, tv: Device) -> None:
    phone = Device(api, "phone")
    api.place_show("e1", "e2", "e3")
    api.place_movies("a", "b")
    random = Random(7)  # noqa: S311
    items = ["episode:e1", "episode:e2", "episode:e3", "movie:a", "movie:b"]
    for device in (tv, phone):
        said = [
            event(random.choice(items), "watch", occurred_at=at(random.randrange(3_000)))
            for _ in range(300)
        ]
        send(device.client, *said)
    at_once = tv.read("/plays", limit=1_000)["plays"]
    assert at_once == tv.paged("/plays", "plays", limit=7)
    by_item = [
        play for item in items for play in tv.read("/plays", item=item, limit=1_000)["plays"]
    ]
    assert sorted(by_item, key=lambda play: play["position"]) == sorted(
        at_once, key=lambda play: play["position"]
    )
    shelf = tv.paged("/plays", "plays", limit=5, item="movie_shelf:m")
    assert shelf == [play for play in at_once if play["item"].startswith("movie:")]
    position = api.services.ledger.head().position
    send(tv.client, event("movie:a", "watch"))
    assert tv.paged("/plays", "plays", limit=9, as_of=position) == at_once


def test_a_page_of_plays_reads_no_more_of_a_long_life_than_it_shows(api: Api, tv: Device) -> None:
    keys = [f"m{number}" for number in range(900)]
    api.place_movies(*keys)
    said = [event(f"movie:{key}", occurred_at=at(40 * n)) for n, key in enumerate(keys)]
    send(tv.client, *said)
    rows = 0

    def count(*arguments: Any) -> None:
        nonlocal rows
        statement = arguments[2]
        rows += "FROM completion" in statement

    tv.read("/plays", limit=5)
    on.listen(api.services.engine, "before_cursor_execute", count)
    page = tv.read("/plays", limit=5)
    assert names(page["plays"]) == [f"movie:m{number}" for number in range(899, 894, -1)]
    assert rows == 1


def edit(api: Api, item: str, **fields: Any) -> Callable[[], object]:
    return lambda: api.place({"item": item, **fields})


def test_items_keep_their_order_across_pages_whatever_becomes_of_the_last(
    api: Api, tv: Device
) -> None:
    api.place_movies("a", "b", "c", "d", "e")
    behind = ["movie:c", "movie:d", "movie:e"]
    for change, rest in (
        (lambda: api.admin.delete("/v1/catalog/items/movie:b"), behind),
        (edit(api, "movie:b", parent="movie_shelf:m", index=9), [*behind, "movie:b"]),
    ):
        first = tv.read("/items", parent="movie_shelf:m", limit=2)
        assert names(first["items"]) == ["movie:a", "movie:b"]
        change()
        second = tv.read("/items", parent="movie_shelf:m", cursor=first["next_cursor"])
        assert names(second["items"]) == rest
        api.place({"item": "movie:b", "parent": "movie_shelf:m", "index": None})


def test_an_item_that_moved_away_leaves_the_list_where_it_was(api: Api, tv: Device) -> None:
    api.place_show("e1", "e2", "e3")
    api.place({"item": "season:s2", "parent": "show:s", "index": 2})
    first = tv.read("/items", limit=4)
    assert names(first["items"])[-1] == "episode:e1"
    api.place({"item": "episode:e1", "parent": "season:s2", "index": 1})
    rest = names(tv.read("/items", cursor=first["next_cursor"])["items"])
    assert rest == ["episode:e2", "episode:e3", "season:s2", "episode:e1"]


def test_shelves_of_two_kinds_may_have_one_key(api: Api, tv: Device) -> None:
    api.place(
        {"item": "show_shelf:x", "parent": None},
        {"item": "movie_shelf:x", "parent": None},
        {"item": "movie:a", "parent": "movie_shelf:x"},
        {"item": "show:s", "parent": "show_shelf:x"},
        {"item": "season:s", "parent": "show:s"},
        {"item": "episode:s", "parent": "season:s"},
    )
    whole = ["movie_shelf:x", "movie:a", "show_shelf:x", "show:s", "season:s", "episode:s"]
    for limit in (1, 2, 3, 6):
        assert names(tv.paged("/items", "items", limit=limit)) == whole
        page = api.admin.get("/v1/catalog/items", params={"limit": limit}).json()
        listed = names(page["items"])
        while page["next_cursor"]:
            asked = {"limit": limit, "cursor": page["next_cursor"]}
            page = api.admin.get("/v1/catalog/items", params=asked).json()
            listed += names(page["items"])
        assert listed == whole


@pytest.fixture
def shows(api: Api) -> list[str]:
    """Four shows of two episodes each, by their keys."""
    keys = ["a", "b", "c", "d"]
    api.place({"item": "show_shelf:tv", "parent": None})
    for key in keys:
        api.place(
            {"item": f"show:{key}", "parent": "show_shelf:tv"},
            {"item": f"season:{key}", "parent": f"show:{key}", "index": 1},
            {"item": f"episode:{key}1", "parent": f"season:{key}", "index": 1},
            {"item": f"episode:{key}2", "parent": f"season:{key}", "index": 2},
        )
    return keys


def hide(api: Api, item: str) -> None:
    assert api.admin.delete(f"/v1/catalog/items/{item}").status_code == 200


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_next_episodes_of_one_instant_go_on_behind_one_that_is_gone(
    api: Api, tv: Device, shows: list[str], limit: int
) -> None:
    tv.says("watch", *(f"episode:{key}1" for key in shows), occurred_at=at(0))
    whole = names(tv.read("/next-up")["items"])
    assert whole == ["episode:d2", "episode:c2", "episode:b2", "episode:a2"]
    first = tv.read("/next-up", limit=limit)
    hide(api, f"show:{whole[limit - 1][-2]}")
    second = tv.read("/next-up", cursor=first["next_cursor"])
    assert names(first["items"]) + names(second["items"]) == whole


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_next_episodes_of_one_mark_go_on_behind_one_that_is_gone(
    api: Api, tv: Device, shows: list[str], limit: int
) -> None:
    tv.says("watch", "show_shelf:tv", occurred_at=at(0))
    for key in shows:
        api.place({"item": f"episode:{key}3", "parent": f"season:{key}", "index": 3})
    whole = names(tv.read("/next-up")["items"])
    assert whole == ["episode:a3", "episode:b3", "episode:c3", "episode:d3"]
    first = tv.read("/next-up", limit=limit)
    hide(api, f"show:{whole[limit - 1][-2]}")
    second = tv.read("/next-up", cursor=first["next_cursor"])
    assert names(first["items"]) + names(second["items"]) == whole


def test_progress_of_one_instant_goes_on_behind_what_was_finished(
    tv: Device, shows: list[str]
) -> None:
    started = {"played_seconds": 50, "duration_seconds": 100, "occurred_at": at(0)}
    tv.says("progress", *(f"episode:{key}1" for key in shows), **started)
    first = tv.read("/next-up", section="in_progress", limit=2)
    assert names(first["items"]) == ["episode:d1", "episode:c1"]
    tv.says("watch", "episode:c1")
    second = tv.read("/next-up", section="in_progress", cursor=first["next_cursor"])
    assert names(second["items"]) == ["episode:b1", "episode:a1"]


def test_what_comes_next_is_the_same_page_by_page_and_at_once(
    api: Api, tv: Device, shows: list[str]
) -> None:
    api.place_movies("x", "y", "z")
    tv.says("watch", *(f"episode:{key}1" for key in shows), occurred_at=at(0))
    tv.says("progress", "movie:x", "episode:a2", played_seconds=50, duration_seconds=100)
    whole = tv.read("/next-up")["items"]
    assert len(whole) == 7
    for limit in range(1, 8):
        assert tv.paged("/next-up", "items", limit=limit) == whole


def test_what_comes_next_is_found_anew_once_anybody_of_the_group_said_something(
    api: Api, tv: Device, shows: list[str]
) -> None:
    phone = Device(api, "phone")
    tv.says("watch", *(f"episode:{key}1" for key in shows), occurred_at=at(0))
    whole = names(tv.read("/next-up")["items"])
    for limit in (1, 2, 3, 4, 100):
        for _ in range(2):
            assert names(tv.read("/next-up", limit=limit)["items"]) == whole[:limit]
    assert tv.read("/next-up", section="in_progress")["items"] == []
    phone.says("progress", whole[0], played_seconds=50, duration_seconds=100)
    phone.says("dismiss", whole[1])
    later = tv.read("/next-up")
    assert names(later["items"])[0] == whole[0]
    assert later["items"][0]["section"] == "in_progress"
    assert whole[1] not in names(later["items"])
    [begun] = tv.read("/next-up", section="in_progress")["items"]
    assert begun == later["items"][0]


EVIL: tuple[Any, ...] = (
    2**63,
    -(2**63) - 1,
    10**30,
    -1,
    0,
    1.5,
    1e308,
    True,
    None,
    "",
    "x",
    "\ud800",
    "a\0b",
    [],
    {},
)


def leaves(value: Any, path: tuple[int, ...] = ()) -> Iterator[tuple[int, ...]]:
    """The ways to all that is no list."""
    if not isinstance(value, list):
        yield path
        return
    for number, each in enumerate(value):
        yield from leaves(each, (*path, number))


def with_leaf(value: Any, path: tuple[int, ...], leaf: Any) -> Any:
    if not path:
        return leaf
    number, *rest = path
    return [
        with_leaf(each, tuple(rest), leaf) if n == number else each for n, each in enumerate(value)
    ]


def forged(cursor: str) -> Iterator[str]:
    """The cursor with each of its values replaced by what was never given out."""
    place = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    for path in leaves(place):
        for leaf in EVIL:
            yield urlsafe_b64encode(json.dumps(with_leaf(place, path, leaf)).encode()).decode()


LISTS = (
    "/v1/history",
    "/v1/device-users",
    "/v1/catalog/items",
    "/v1/stats?by=item",
    "/v1/device-users/tv/stats?by=item",
    "/v1/device-users/tv/history",
    "/v1/device-users/tv/items",
    "/v1/device-users/tv/items?sort=title",
    "/v1/device-users/tv/items?sort=placed",
    "/v1/device-users/tv/items?sort=last_played",
    "/v1/device-users/tv/watched",
    "/v1/device-users/tv/in-progress",
    "/v1/device-users/tv/plays",
    "/v1/device-users/tv/next-up",
    "/v1/device-users/tv/next-up?section=next_episode",
    "/v1/device-users/tv/next-up?section=unwatched_movie",
)


def test_a_forged_cursor_is_refused_or_leads_somewhere_and_is_never_a_fault(
    api: Api, tv: Device, shows: list[str]
) -> None:
    Device(api, "phone")
    api.place_movies("v", "w", "x", "y", "z")
    episodes = [f"episode:{key}1" for key in shows]
    tv.says("watch", *episodes, "movie:x", occurred_at=at(0))
    tv.says("progress", "movie:y", "movie:z", played_seconds=50, duration_seconds=100)
    for path in LISTS:
        asked = httpx.URL(path).copy_merge_params({"limit": 1})
        first = api.admin.get(asked.copy_set_param("after", api.services.ledger.head().position))
        assert first.json()["next_cursor"], path
        for cursor in forged(first.json()["next_cursor"]):
            answer = api.admin.get(asked.copy_set_param("cursor", cursor))
            is_taken = answer.status_code == 200
            assert is_taken or problem(answer) == (400, "invalid_cursor"), (path, cursor)

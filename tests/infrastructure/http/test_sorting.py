"""A viewer's items in every order and by their titles, a page at a time."""

from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

import pytest

from tests.helpers.api import Api, problem
from tests.infrastructure.http.test_reading import Device, names

SORTS = ("order", "title", "placed", "last_played")
TITLES = {
    "a": "The Thing",
    "b": "Amélie",
    "c": "alien",
    "d": "Ålesund",
    "e": None,
    "f": "Alien",
    "g": "x" * 900,
    "h": "x" * 1_000,
}


@pytest.fixture
def tv(api: Api) -> Device:
    return Device(api, "tv")


@pytest.fixture
def films(api: Api) -> None:
    api.place(
        {"item": "movie_shelf:m", "parent": None, "title": "Films"},
        *(
            {"item": f"movie:{key}", "parent": "movie_shelf:m", "title": title, "index": -index}
            for index, (key, title) in enumerate(TITLES.items())
        ),
    )


def at(minutes: int) -> str:
    return (datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)).isoformat()


def keys(tv: Device, **params: Any) -> str:
    """The films of a list, each by its letter."""
    listed = names(tv.read("/items", kind="movie", **params)["items"])
    return "".join(each.removeprefix("movie:") for each in listed)


@pytest.mark.usefixtures("films")
def test_items_come_by_title_without_regard_to_case_and_accents(tv: Device) -> None:
    assert keys(tv, sort="title") == "edcfbagh"
    assert keys(tv, sort="title", parent="movie_shelf:m") == "edcfbagh"


@pytest.mark.usefixtures("films")
def test_what_came_to_the_catalog_last_is_first_and_a_move_does_not_count(
    api: Api, tv: Device
) -> None:
    api.place(
        {"item": "movie_shelf:n", "parent": None},
        {"item": "movie:b", "parent": "movie_shelf:n", "title": "Amelie"},
    )
    assert keys(tv, sort="placed") == "hgfedcba"
    assert keys(tv, sort="placed", parent="movie_shelf:m") == "hgfedca"


@pytest.mark.usefixtures("films")
def test_what_was_played_last_is_first_and_then_what_never_was_in_order(tv: Device) -> None:
    tv.says("watch", "movie:c", occurred_at=at(1))
    tv.says("watch", "movie:a", "movie:g", occurred_at=at(2))
    tv.says("watch", "movie:c", occurred_at=at(300))
    assert keys(tv, sort="last_played") == "caghfedb"
    tv.says("watch", "movie:b", occurred_at=at(299))
    assert keys(tv, sort="last_played", limit=5) == "cbagh"


def test_containers_stand_where_what_is_under_them_was_played_last(api: Api, tv: Device) -> None:
    api.place_show("e1", "e2")
    api.place_movies("a", "b")
    tv.says("watch", "movie:b", occurred_at=at(1))
    tv.says("watch", "episode:e2", occurred_at=at(2))
    listed = tv.read("/items", sort="last_played")["items"]
    assert names(listed) == [
        "episode:e2",
        "season:s1",
        "show:s",
        "show_shelf:tv",
        "movie:b",
        "movie_shelf:m",
        "movie:a",
        "episode:e1",
    ]
    last = [each["last_played_at"] for each in listed]
    assert last == sorted(filter(None, last), reverse=True) + [None] * last.count(None)


@pytest.mark.usefixtures("films")
@pytest.mark.parametrize("sort", SORTS)
def test_a_list_is_the_same_page_by_page_and_at_once(tv: Device, sort: str) -> None:
    tv.says("watch", "movie:c", "movie:h", occurred_at=at(1))
    at_once = names(tv.read("/items", sort=sort)["items"])
    assert len(at_once) == 1 + len(TITLES)
    for limit in (1, 2, 5):
        assert names(tv.paged("/items", "items", sort=sort, limit=limit)) == at_once
        below = names(tv.paged("/items", "items", sort=sort, limit=limit, parent="movie_shelf:m"))
        assert below == [each for each in at_once if each != "movie_shelf:m"]


@pytest.mark.usefixtures("films")
@pytest.mark.parametrize("sort", SORTS)
def test_a_page_goes_on_behind_what_is_gone_by_then(api: Api, tv: Device, sort: str) -> None:
    at_once = names(tv.read("/items", sort=sort, kind="movie")["items"])
    page = tv.read("/items", sort=sort, kind="movie", limit=4)
    api.admin.delete(f"/v1/catalog/items/{at_once[3]}")
    api.admin.delete(f"/v1/catalog/items/{at_once[5]}")
    rest = tv.read("/items", sort=sort, kind="movie", cursor=page["next_cursor"])
    assert names(page["items"]) + names(rest["items"]) == [*at_once[:5], *at_once[6:]]


@pytest.mark.usefixtures("films")
@pytest.mark.parametrize("sort", SORTS)
def test_a_list_as_of_an_earlier_position_is_sorted_as_it_was_then(
    api: Api, tv: Device, sort: str
) -> None:
    tv.says("watch", "movie:c", occurred_at=at(1))
    then = tv.read("/items", sort=sort)
    tv.says("watch", "movie:a", occurred_at=at(2))
    api.place({"item": "movie:c", "title": "Zabriskie Point"}, {"item": "movie:b", "index": 99})
    assert names(tv.read("/items", sort=sort)["items"]) != names(then["items"]) or sort == "placed"
    again = tv.paged("/items", "items", sort=sort, limit=3, as_of=then["position"])
    assert names(again) == names(then["items"])


@pytest.mark.usefixtures("films")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ALIEN", "cf"),
        ("ali", "cf"),
        ("thing", "a"),
        ("ÉL", "b"),
        ("ale", "d"),
        ("é", "abcdf"),
        (" the  thing ", "a"),
        ("%", ""),
        ("nothing of the kind", ""),
    ],
)
def test_items_are_found_by_any_part_of_their_title(tv: Device, text: str, found: str) -> None:
    for sort in SORTS:
        assert "".join(sorted(keys(tv, text=text, sort=sort))) == found, sort


@pytest.mark.usefixtures("films")
def test_a_text_is_looked_for_in_what_the_viewer_sees_alone(api: Api, tv: Device) -> None:
    api.admin.delete("/v1/catalog/items/movie:c")
    limits: dict[str, list[str] | None] = {
        "allowed_shelves": [],
        "allowed_tags": None,
        "denied_tags": None,
    }
    assert keys(tv, text="alien") == "f"
    kid = Device(api, "kid", user="kid")
    api.admin.put("/v1/users/kid/access", json=limits)
    assert [keys(kid, text="alien", sort=sort) for sort in SORTS] == [""] * len(SORTS)


@pytest.mark.usefixtures("films")
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_cursor_of_one_order_is_none_of_another(tv: Device) -> None:
    tv.says("watch", "movie:c", occurred_at=at(1))
    cursors = {
        sort: tv.read("/items", sort=sort, limit=2)["next_cursor"]
        for sort in ("order", "title", "placed")
    }
    for sort, other in chain(zip(cursors, [*cursors][1:], strict=False), [("placed", "title")]):
        answer = tv.get("/items", sort=sort, cursor=cursors[other])
        assert problem(answer) == (400, "invalid_cursor"), (sort, other)


@pytest.mark.parametrize(
    ("params", "parameter"), [({"sort": "size"}, "sort"), ({"text": ""}, "text")]
)
def test_what_makes_no_sense_is_named(
    shared_api: Api, params: dict[str, str], parameter: str
) -> None:
    shared_api.register(f"tv-{parameter}")
    answer = shared_api.admin.get(f"/v1/device-users/tv-{parameter}/items", params=params)
    assert problem(answer) == (400, "invalid_parameter")
    assert answer.json()["errors"][0]["parameter"] == parameter

"""Media servers place, hide and restore items."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from projections.catalog import Movie
from tests.helpers.api import Api, problem

SHELF = {"item": "movie_shelf:m", "parent": None}


def post(api: Api, *items: Any) -> list[dict[str, Any]]:
    answer = api.admin.post("/v1/catalog/items", json={"items": items})
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def codes(results: list[dict[str, Any]]) -> list[str]:
    return [result.get("error", {}).get("code", result["status"]) for result in results]


def test_items_are_placed_moved_changed_and_left_alone(api: Api) -> None:
    other = {"item": "movie_shelf:old", "parent": None}
    movie = {"item": "movie:a", "parent": "movie_shelf:m"}
    assert codes(post(api, movie, SHELF, other)) == ["placed"] * 3
    assert codes(post(api, movie)) == ["unchanged"]
    assert codes(post(api, {**movie, "title": "A"})) == ["changed"]
    assert codes(post(api, {**movie, "parent": "movie_shelf:old"})) == ["moved"]


def test_a_write_says_how_far_ledger_and_catalog_are(api: Api) -> None:
    api.register("tv")
    answer = api.admin.post("/v1/catalog/items", json={"items": [SHELF]})
    assert (answer.json()["position"], answer.json()["version"]) == (3, 1)
    assert answer.headers["Watchledger-Position"] == "3"
    again = api.admin.post("/v1/catalog/items", json={"items": [SHELF]})
    assert (again.json()["position"], again.json()["version"]) == (3, 1)


def test_hiding_and_restoring_answer_with_position_and_version(api: Api) -> None:
    api.place(SHELF)
    hidden = api.admin.delete("/v1/catalog/items/movie_shelf:m")
    assert (hidden.status_code, hidden.json()) == (200, {"position": 2, "version": 2})
    assert api.admin.delete("/v1/catalog/items/movie_shelf:m").json() == hidden.json()
    restored = api.admin.post("/v1/catalog/items/movie_shelf:m/restore")
    assert restored.json() == {"position": 3, "version": 3}
    assert codes(post(api, SHELF)) == ["unchanged"]


def test_a_hidden_item_comes_back_when_it_is_placed_again(api: Api) -> None:
    api.place(SHELF)
    api.admin.delete("/v1/catalog/items/movie_shelf:m")
    assert codes(post(api, SHELF)) == ["restored"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_five_thousand_items_are_taken_at_once(api: Api) -> None:
    movies = [{"item": f"movie:{key}", "parent": "movie_shelf:m"} for key in range(4_999)]
    assert set(codes(post(api, *movies, SHELF))) == {"placed"}


def test_an_item_that_is_not_there_is_neither_hidden_nor_restored(shared_api: Api) -> None:
    answers = (
        shared_api.admin.delete("/v1/catalog/items/movie:x"),
        shared_api.admin.post("/v1/catalog/items/movie:x/restore"),
    )
    assert [problem(answer) for answer in answers] == [(404, "unknown_item")] * 2


def test_a_malformed_item_in_the_path_is_named(shared_api: Api) -> None:
    answer = shared_api.admin.delete("/v1/catalog/items/podcast:x")
    assert problem(answer) == (400, "invalid_parameter")
    [fault] = answer.json()["errors"]
    assert fault["parameter"] == "item"
    assert fault["detail"].startswith("names no kind that there is")


@pytest.mark.parametrize(
    ("item", "code", "detail"),
    [
        ({"item": "podcast:a"}, "invalid_item", "item names no kind that there is"),
        ({"item": "movie:a/b"}, "invalid_item", "item is no item; send kind:key"),
        ({"parent": "movie_shelf:m"}, "invalid_item", "item is missing"),
        ({"item": "movie:a", "parent": "movie_shelf:gone"}, "unknown_parent", "movie_shelf:gone"),
        ({"item": "movie:a", "parent": "show:s"}, "wrong_parent_kind", "A movie stands under"),
        ({"item": "movie:a"}, "parent_missing", "A movie needs a movie_shelf"),
        ({"item": "movie_shelf:a", "tracks_progress": True}, "misplaced_field", "tracks_progress"),
        (
            {"item": "movie_shelf:a", "runtime_seconds": 0},
            "invalid_item",
            "runtime_seconds should be greater than 0",
        ),
        (
            {"item": "movie_shelf:a", "index": 2**31},
            "invalid_item",
            "index should be less than 2147483648",
        ),
        ({"item": "movie_shelf:a", "colour": "red"}, "invalid_item", "colour isn't a field here"),
        ({"item": "movie_shelf:a", "year": 1066}, "invalid_item", "year should be greater than"),
        ({"item": "movie_shelf:a", "link": None}, "invalid_item", "link should be a valid boolean"),
        (
            {"item": "movie_shelf:a", "released_at": "2026-02-30"},
            "invalid_item",
            "released_at should be a valid datetime",
        ),
        (
            {"item": "movie_shelf:a", "released_at": "2026"},
            "invalid_item",
            "released_at isn't understood; send a day such as 2026-01-31",
        ),
        (
            {"item": "movie_shelf:a", "released_at": "2026-02-20T10:00:00"},
            "invalid_item",
            "released_at has no time zone",
        ),
        (
            {"item": "movie_shelf:a", "released_at": "0001-01-01T00:00:00Z"},
            "invalid_item",
            "released_at lies outside the years 1800 to 9998",
        ),
        ({"item": "movie_shelf:a", "released_at": 1e9}, "invalid_item", "released_at isn't"),
        (7, "invalid_item", "it should be an object"),
    ],
)
def test_a_bad_item_is_rejected_alone(shared_api: Api, item: Any, code: str, detail: str) -> None:
    bad, good = post(shared_api, item, SHELF)
    assert (bad["status"], bad["error"]["code"]) == ("rejected", code)
    assert bad["error"]["detail"].startswith(detail)
    assert good["status"] in {"placed", "unchanged"}


@pytest.mark.parametrize("character", ["\0", "\v", "\x1b", "\x7f", "\x85"])
def test_control_characters_in_texts_are_rejected(shared_api: Api, character: str) -> None:
    text = f"a{character}b"
    results = post(
        shared_api,
        {**SHELF, "title": text},
        {**SHELF, "tags": ["ok", text]},
        {**SHELF, "external_ids": {"imdb": text}},
        {**SHELF, "external_ids": {text: "tt1"}},
    )
    assert codes(results) == ["invalid_item"] * 4
    assert results[0]["error"]["detail"] == "title holds control characters; leave them out."
    assert results[1]["error"]["detail"].startswith("tags/1 holds control characters")


@pytest.mark.parametrize("count", [0, 5_001])
def test_no_items_or_too_many_are_refused_whole(shared_api: Api, count: int) -> None:
    answer = shared_api.admin.post("/v1/catalog/items", json={"items": [SHELF] * count})
    assert problem(answer) == (400, "invalid_body")


def test_a_catalog_that_is_not_json_is_refused(shared_api: Api) -> None:
    answer: httpx.Response = shared_api.admin.post("/v1/catalog/items", content=b"item;parent")
    assert problem(answer) == (400, "body_not_json")


def test_an_item_without_a_name_is_answered_with_null_in_its_place(shared_api: Api) -> None:
    answer = shared_api.admin.post("/v1/catalog/items", json={"items": [{"title": "A"}]})
    [result] = answer.json()["results"]
    assert (result["item"], result["status"]) == (None, "rejected")


def test_metadata_is_taken_as_it_comes(api: Api) -> None:
    movie = {
        "item": "movie:a",
        "parent": "movie_shelf:m",
        "title": "\tThe Third\r\n  Man ",
        "external_ids": {"tmdb": 1092, "imdb": "tt0041959"},
    }
    assert codes(post(api, SHELF, movie)) == ["placed"] * 2
    as_kept = {
        **movie,
        "title": "The Third Man",
        "external_ids": {"tmdb": "1092", "imdb": "tt0041959"},
    }
    assert codes(post(api, as_kept)) == ["unchanged"]


def test_an_item_says_its_year_and_when_it_comes_out(api: Api) -> None:
    films = [
        {"item": f"movie:{key}", "parent": "movie_shelf:m", "year": 1895, "released_at": released}
        for key, released in {
            "a": "1895-12-28",
            "b": "2026-01-31T23:30:00-02:00",
            "c": "2026-02-01T01:30:00Z",
            "d": None,
        }.items()
    ]
    position = api.place(SHELF, *films)
    listed = api.admin.get("/v1/catalog/items", params={"after": position}).json()["items"]
    assert [(each["year"], each["released_at"]) for each in listed[1:]] == [
        (1895, "1895-12-28T00:00:00Z"),
        (1895, "2026-02-01T01:30:00Z"),
        (1895, "2026-02-01T01:30:00Z"),
        (1895, None),
    ]
    with Session(api.services.engine) as session:
        rows = session.scalars(select(Movie).order_by(Movie.item))
        assert [(each.year, each.released_at) for each in rows] == [
            (1895, datetime(1895, 12, 28, tzinfo=UTC)),
            (1895, datetime(2026, 2, 1, 1, 30, tzinfo=UTC)),
            (1895, datetime(2026, 2, 1, 1, 30, tzinfo=UTC)),
            (1895, None),
        ]
    unset = post(api, {"item": "movie:a", "year": None, "released_at": None})
    assert codes(unset) == ["changed"]
    assert codes(post(api, {**films[1], "released_at": "2026-02-01T01:30:00+00:00"})) == [
        "unchanged"
    ]

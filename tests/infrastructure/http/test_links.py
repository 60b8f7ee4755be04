"""Items become one work over HTTP, by hand and by what other catalogs know them by (rule 24)."""

from typing import Any

import httpx
import pytest

from tests.helpers.api import Api, event, problem, send
from tests.infrastructure.http.test_catalog_writes import codes, post

FILMS: list[dict[str, Any]] = [
    {"item": "movie_shelf:hd", "parent": None},
    {"item": "movie_shelf:uhd", "parent": None},
    {"item": "movie:hd", "parent": "movie_shelf:hd", "title": "Alien"},
    {"item": "movie:uhd", "parent": "movie_shelf:uhd", "title": "Alien (4K)"},
]
LINK = {"item": "movie:uhd", "same_as": "movie:hd"}


def link(api: Api, *links: Any) -> httpx.Response:
    return api.admin.post("/v1/catalog/links", json={"links": links})


def works(api: Api, after: int) -> dict[str, list[str]]:
    listed = api.admin.get("/v1/catalog/items", params={"after": after}).json()["items"]
    return {each["item"]: each["work"] for each in listed if each["work"]}


def test_two_films_are_linked_and_unlinked(api: Api) -> None:
    api.place(*FILMS)
    answer = link(api, LINK)
    assert answer.json() == {
        "results": [{"item": "movie:uhd", "status": "linked"}],
        "position": 5,
        "version": 5,
    }
    assert answer.headers["Watchledger-Position"] == "5"
    assert works(api, 5) == {"movie:hd": ["movie:uhd"], "movie:uhd": ["movie:hd"]}
    assert codes(link(api, LINK).json()["results"]) == ["unchanged"]
    unlinked = api.admin.delete("/v1/catalog/links/movie:hd")
    assert (unlinked.status_code, unlinked.json()) == (200, {"position": 6, "version": 6})
    assert works(api, 6) == {}
    assert api.admin.delete("/v1/catalog/links/movie:hd").json() == unlinked.json()


def test_what_was_said_of_one_film_counts_for_the_other_once_they_are_linked(api: Api) -> None:
    api.place(*FILMS)
    tv = api.register("tv")
    send(tv, event("movie:hd", occurred_at="2026-01-31T20:00:00Z"))
    position = link(api, LINK).json()["position"]
    seen = tv.get("/v1/device-users/tv/items/movie:uhd", params={"after": position}).json()
    assert (seen["watched"], seen["work"]) == (True, ["movie:hd"])


def test_a_film_on_two_shelves_is_linked_when_it_is_placed(api: Api) -> None:
    ids = {"external_ids": {"imdb": "tt0078748"}}
    results = post(api, *FILMS[:2], {**FILMS[2], **ids}, {**FILMS[3], **ids})
    assert codes(results) == ["placed"] * 4
    assert works(api, 5) == {"movie:hd": ["movie:uhd"], "movie:uhd": ["movie:hd"]}
    assert codes(post(api, {**FILMS[3], **ids})) == ["unchanged"]
    assert api.services.ledger.head().position == 5


def test_a_film_that_shall_stay_apart_says_so(api: Api) -> None:
    ids = {"external_ids": {"imdb": "tt0078748"}}
    position = api.place(*FILMS[:2], {**FILMS[2], **ids}, {**FILMS[3], **ids, "link": False})
    assert works(api, position) == {}


@pytest.mark.parametrize(
    ("bad", "code", "detail"),
    [
        ({**LINK, "same_as": "movie:uhd"}, "link_to_itself", "movie:uhd is one work with itself"),
        ({**LINK, "same_as": "movie_shelf:hd"}, "link_of_container", "movie_shelf:hd holds other"),
        ({**LINK, "same_as": "episode:e"}, "link_between_kinds", "movie:uhd and episode:e are of"),
        ({**LINK, "same_as": "movie:gone"}, "unknown_item", "There is no movie:gone"),
        ({**LINK, "same_as": "podcast:p"}, "invalid_link", "same_as names no kind that there is"),
        ({"item": "movie:uhd"}, "invalid_link", "same_as is missing"),
        ({**LINK, "with": 1}, "invalid_link", "with isn't a field here"),
        ("movie:uhd", "invalid_link", "it should be an object"),
    ],
)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_bad_link_is_rejected_alone(api: Api, bad: Any, code: str, detail: str) -> None:
    api.place(*FILMS)
    rejected, good = link(api, bad, LINK).json()["results"]
    assert (rejected["status"], rejected["error"]["code"]) == ("rejected", code)
    assert rejected["error"]["detail"].startswith(detail)
    assert good["status"] == "linked"


@pytest.mark.parametrize("count", [0, 1_001])
def test_no_links_or_too_many_are_refused_whole(shared_api: Api, count: int) -> None:
    assert problem(link(shared_api, *[LINK] * count)) == (400, "invalid_body")


def test_links_that_are_not_json_are_refused(shared_api: Api) -> None:
    answer = shared_api.admin.post("/v1/catalog/links", content=b"movie:a=movie:b")
    assert problem(answer) == (400, "body_not_json")


def test_an_item_that_is_not_there_is_not_unlinked(shared_api: Api) -> None:
    answer = shared_api.admin.delete("/v1/catalog/links/movie:gone")
    assert problem(answer) == (404, "unknown_item")

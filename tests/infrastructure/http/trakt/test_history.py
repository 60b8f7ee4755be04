"""What was watched elsewhere is added once, listed in pages, and taken out again."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.helpers.api import Api, event
from tests.infrastructure.http.trakt.conftest import SHERLOCK, THIRD_MAN

NONE: dict[str, list[Any]] = {"movies": [], "shows": [], "seasons": [], "episodes": []}
FILM_THEN = {"movies": [{**THIRD_MAN, "watched_at": "2024-03-01T19:30:00.000Z"}]}


def add(client: httpx.Client, **body: Any) -> dict[str, Any]:
    answer = client.post("sync/history", json=body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def remove(client: httpx.Client, **body: Any) -> dict[str, Any]:
    answer = client.post("sync/history/remove", json=body)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def history(client: httpx.Client, path: str = "", **params: Any) -> list[dict[str, Any]]:
    answer = client.get(f"sync/history{path}", params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


def test_the_same_again_adds_nothing(client: httpx.Client) -> None:
    assert add(client, **FILM_THEN)["added"] == {"movies": 1, "episodes": 0}
    assert add(client, **FILM_THEN)["added"] == {"movies": 0, "episodes": 0}
    [entry] = history(client)
    assert entry["watched_at"] == "2024-03-01T19:30:00.000Z"
    assert (entry["type"], entry["movie"]["title"]) == ("movie", "The Third Man")


@pytest.mark.parametrize(
    ("watched_at", "shown"),
    [
        ("unknown", "1970-01-01T00:00:00.000Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"),
        ("2024-03-01 20:30:00+00:00", "2024-03-01T20:30:00.000Z"),
        ("2024-03-01T20:30:00+02:00", "2024-03-01T18:30:00.000Z"),
    ],
)
def test_times_are_taken_as_clients_write_them(
    client: httpx.Client, watched_at: str, shown: str
) -> None:
    add(client, movies=[{**THIRD_MAN, "watched_at": watched_at}])
    assert [each["watched_at"] for each in history(client)] == [shown]


@pytest.mark.parametrize("watched_at", [None, "", "2999-01-01T00:00:00Z"])
def test_no_time_and_one_to_come_are_now(client: httpx.Client, watched_at: str | None) -> None:
    add(client, movies=[{**THIRD_MAN, "watched_at": watched_at}])
    assert [each["watched_at"] < "2900" for each in history(client)] == [True]


def test_a_time_that_is_none_is_refused(client: httpx.Client) -> None:
    body = {"movies": [{**THIRD_MAN, "watched_at": "yesterday"}]}
    assert client.post("sync/history", json=body).status_code == 422


def test_a_show_or_a_season_without_children_is_all_of_it(client: httpx.Client) -> None:
    assert add(client, shows=[SHERLOCK])["added"]["episodes"] == 3
    remove(client, shows=[{**SHERLOCK, "seasons": [{"number": 1, "episodes": [{"number": 2}]}]}])
    numbers = sorted(each["episode"]["number"] for each in history(client, "/episodes"))
    assert numbers == [1, 3]
    assert remove(client, shows=[{**SHERLOCK, "seasons": [{"number": 1}]}])["deleted"] == {
        "movies": 0,
        "episodes": 2,
    }
    assert history(client) == []


def test_an_id_alone_that_nothing_has_is_not_found(client: httpx.Client) -> None:
    unknown = {"ids": {"tvdb": 424242}}
    found = add(client, episodes=[unknown], shows=[{"ids": {"trakt": 424242}}])["not_found"]
    assert found == {**NONE, "episodes": [unknown], "shows": [{"ids": {"trakt": 424242}}]}


def test_entries_are_removed_by_their_ids_and_not_those_of_others(
    client_of: Callable[..., httpx.Client],
) -> None:
    ann, bob = client_of("ann"), client_of("bob")
    add(ann, **FILM_THEN)
    [entry] = history(ann)
    assert remove(bob, ids=[entry["id"]])["not_found"]["ids"] == [entry["id"]]
    assert len(history(ann)) == 1
    assert remove(ann, ids=[entry["id"]])["deleted"]["movies"] == 1
    assert history(ann) == []


def test_what_another_device_marked_is_removed_too(api: Api, client: httpx.Client) -> None:
    tv = api.register("tv")
    mark = event("season:1", occurred_at="2024-01-01T00:00:00Z")
    assert tv.post("/v1/events", json={"events": [mark]}).status_code == 200
    [show] = client.get("sync/watched/shows").json()
    assert show["plays"] == 3
    remove(client, shows=[{**SHERLOCK, "seasons": [{"number": 1, "episodes": [{"number": 1}]}]}])
    [show] = client.get("sync/watched/shows").json()
    assert [each["number"] for each in show["seasons"][0]["episodes"]] == [2, 3]


def test_pages_say_how_many_there_are(client: httpx.Client) -> None:
    add(client, shows=[SHERLOCK])
    for number, count in ((1, 2), (2, 1)):
        answer = client.get("sync/history", params={"limit": 2, "page": number})
        assert answer.headers["X-Pagination-Page-Count"] == "2"
        assert answer.headers["X-Pagination-Item-Count"] == "3"
        assert len(answer.json()) == count
    head = client.head("sync/history", params={"limit": 2})
    assert (head.status_code, head.headers["X-Pagination-Page-Count"]) == (200, "2")


def test_history_is_asked_for_by_time_and_by_item(client: httpx.Client) -> None:
    add(client, **FILM_THEN)
    add(client, shows=[{**SHERLOCK, "watched_at": "2024-03-05T00:00:00Z"}])
    times = {"start_at": "2024-03-01T00:00:00.000-00:00", "end_at": "2024-03-02T00:00:00.000-00:00"}
    assert [each["type"] for each in history(client, **times)] == ["movie"]
    assert len(history(client, "/shows/sherlock-2010")) == 3
    assert len(history(client, "/movies/tt0041959")) == 1
    assert client.get("sync/history", params={"start_at": "soon"}).status_code == 400
    assert client.get("users/ann/history").json() == history(client)

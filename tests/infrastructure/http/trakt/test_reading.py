"""What clients read: watched, in progress, how far, what changed, search and summaries."""

from typing import Any

import httpx
import pytest

from tests.infrastructure.http.trakt.conftest import SHERLOCK, THIRD_MAN


def scrobble(client: httpx.Client, action: str, progress: float, **what: Any) -> None:
    answer = client.post(f"scrobble/{action}", json={"progress": progress, **what})
    assert answer.status_code == 201, answer.text


def read(client: httpx.Client, path: str, **params: Any) -> Any:
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    return answer.json()


def part(number: int) -> dict[str, Any]:
    return {"show": SHERLOCK, "episode": {"season": 1, "number": number}}


def test_what_is_watched_is_read_at_once(client: httpx.Client) -> None:
    scrobble(client, "stop", 95, movie=THIRD_MAN)
    scrobble(client, "stop", 95, **part(1))
    [movie] = read(client, "sync/watched/movies")
    assert (movie["plays"], movie["movie"]["ids"]["imdb"]) == (1, "tt0041959")
    [show] = read(client, "sync/watched/shows")
    assert [each["number"] for each in show["seasons"][0]["episodes"]] == [1]
    assert "seasons" not in read(client, "sync/watched/shows", extended="noseasons")[0]
    assert read(client, "users/me/watched/movies") == [movie]


def test_playback_is_listed_and_taken_off_until_it_is_played_again(client: httpx.Client) -> None:
    scrobble(client, "pause", 30, movie=THIRD_MAN)
    scrobble(client, "pause", 40, **part(1))
    assert [each["type"] for each in read(client, "sync/playback")] == ["episode", "movie"]
    [film] = read(client, "sync/playback/movies")
    assert film["progress"] == 30
    assert client.request("DELETE", f"sync/playback/{film['id']}", json={}).status_code == 204
    assert client.delete(f"sync/playback/{film['id']}").status_code == 404
    assert read(client, "sync/playback/movies") == []
    scrobble(client, "pause", 35, movie=THIRD_MAN)
    assert len(read(client, "sync/playback/movies")) == 1


def test_a_show_tells_how_far_it_was_watched_and_what_comes_next(client: httpx.Client) -> None:
    path = "shows/sherlock-2010/progress/watched"
    fresh = read(client, path)
    assert (fresh["aired"], fresh["completed"], fresh["next_episode"]["number"]) == (3, 0, 1)
    assert (fresh["last_episode"], fresh["last_watched_at"]) == (None, None)
    scrobble(client, "stop", 95, **part(1))
    begun = read(client, path)
    assert (begun["completed"], begun["next_episode"]["number"]) == (1, 2)
    assert begun["last_episode"]["number"] == 1
    assert client.post(f"{path}/reset").status_code == 200
    again = read(client, path)
    assert again["reset_at"] is not None
    assert again["next_episode"]["number"] == 1


def test_what_is_hidden_is_left_out_until_it_is_not(client: httpx.Client) -> None:
    body = {"shows": [SHERLOCK]}
    assert client.post("users/hidden/dropped", json=body).json()["added"]["shows"] == 1
    assert [each["type"] for each in read(client, "users/hidden/dropped")] == ["show"]
    assert client.post("users/hidden/dropped/remove", json=body).status_code == 200
    assert read(client, "users/hidden/dropped") == []


def test_last_activities_move_with_what_is_said(client: httpx.Client) -> None:
    before = read(client, "sync/last_activities")
    scrobble(client, "stop", 95, movie=THIRD_MAN)
    after = read(client, "sync/last_activities")
    assert before["movies"]["watched_at"] < after["movies"]["watched_at"] == after["all"]


def test_search_finds_by_ids_and_titles(client: httpx.Client) -> None:
    [show] = read(client, "search/imdb/tt1475582")
    assert show["show"]["title"] == "Sherlock"
    number = show["show"]["ids"]["trakt"]
    assert read(client, f"search/trakt/{number}", type="show") == [show]
    assert read(client, "search/tvdb/771", type="episode")[0]["episode"]["number"] == 1
    assert read(client, "search/movie", query="third man")[0]["score"] >= 5
    assert read(client, "search/movie,show", query="sher")[0]["score"] < 5
    assert read(client, "search/movie", query="The Third Man", years="1999") == []
    assert client.get("search/nowhere/1").status_code == 404


def test_who_would_remember_that_there_is_none_is_answered_with_an_error(
    client: httpx.Client,
) -> None:
    asked: dict[str, Any] = {"query": "No Such Show", "field": "title", "page": 1, "limit": 1}
    assert read(client, "search/show", **asked, years="1999") == []
    assert client.get("search/show", params=asked).status_code == 404
    assert read(client, "search/show", query="No Such Show") == []


@pytest.mark.parametrize("id_", ["sherlock-2010", "tt1475582"])
def test_summaries_are_found_by_slug_or_id(client: httpx.Client, id_: str) -> None:
    show = read(client, f"shows/{id_}")
    assert read(client, f"shows/{show['ids']['trakt']}") == show
    [season] = read(client, f"shows/{id_}/seasons", extended="episodes")
    assert [each["number"] for each in season["episodes"]] == [1, 2, 3]
    assert len(read(client, f"shows/{id_}/seasons/1")) == 3
    episode = read(client, f"shows/{id_}/seasons/1/episodes/2", extended="full")
    assert (episode["title"], episode["runtime"]) == ("Part 2", 90)
    assert client.get(f"shows/{id_}/seasons/9").status_code == 404


def test_a_film_is_found_and_what_is_none_is_not(client: httpx.Client) -> None:
    film = read(client, "movies/the-third-man-1949")
    assert film["year"] == 1949
    assert client.get("shows/the-third-man-1949").status_code == 404
    assert client.get("movies/no-such-film").status_code == 404


@pytest.mark.parametrize("path", ["collection/movies", "ratings", "watchlist/shows"])
def test_what_is_not_kept_is_empty(client: httpx.Client, path: str) -> None:
    assert read(client, f"sync/{path}") == []
    answer = client.post(f"sync/{path.partition('/')[0]}", json={"movies": [THIRD_MAN]})
    assert (answer.status_code, answer.json()["added"]["movies"]) == (201, 0)
    assert read(client, "users/me/lists") == []


def test_a_client_is_told_for_whom_it_speaks(client: httpx.Client) -> None:
    assert read(client, "users/settings")["user"]["ids"]["slug"] == "ann"
    assert read(client, "users/me")["username"] == "ann"

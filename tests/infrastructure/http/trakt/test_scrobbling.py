"""What clients play: progress while it lasts, watched from 80 % on, and told twice only once."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.helpers.api import Api
from tests.infrastructure.http.trakt.conftest import SHERLOCK, THIRD_MAN


def scrobble(client: httpx.Client, action: str, progress: Any, **what: Any) -> httpx.Response:
    return client.post(f"scrobble/{action}", json={"progress": progress, **(what or FILM)})


FILM = {"movie": THIRD_MAN}


def part(number: int, show: dict[str, Any] = SHERLOCK) -> dict[str, Any]:
    return {"show": show, "episode": {"season": 1, "number": number}}


def state(api: Api, client: httpx.Client, item: str = "movie:third-man") -> dict[str, Any]:
    cduid = client.headers["Authorization"].split()[1].rpartition(".")[0]
    position = str(api.services.ledger.head().position)
    path = f"/v1/device-users/{cduid}/items/{item}"
    found: dict[str, Any] = api.admin.get(path, params={"after": position}).json()
    return found


def test_a_film_is_started_paused_and_watched(api: Api, client: httpx.Client) -> None:
    started = scrobble(client, "start", 1.5)
    assert (started.status_code, started.json()["action"]) == (201, "start")
    assert started.json()["movie"]["ids"]["slug"] == "the-third-man-1949"
    assert scrobble(client, "pause", 41.25).json()["action"] == "pause"
    assert state(api, client)["in_progress"]["share"] == 0.4125
    assert scrobble(client, "stop", 60).json()["action"] == "pause"
    assert scrobble(client, "stop", 80).json()["action"] == "scrobble"
    found = state(api, client)
    assert (found["watched"], found["plays"], found["in_progress"]) == (True, 1, None)


def test_what_was_just_scrobbled_is_answered_so(api: Api, client: httpx.Client) -> None:
    assert scrobble(client, "stop", 96).status_code == 201
    again = scrobble(client, "stop", 96)
    assert again.status_code == 409
    assert again.json()["watched_at"] < again.json()["expires_at"]
    assert state(api, client)["plays"] == 1


def test_an_episode_is_named_by_its_show_or_by_an_id(api: Api, client: httpx.Client) -> None:
    found = scrobble(client, "stop", 90, **part(1)).json()
    assert (found["episode"]["season"], found["episode"]["number"]) == (1, 1)
    assert found["show"]["ids"]["slug"] == "sherlock-2010"
    by_id = scrobble(client, "stop", 90, episode={"ids": {"tvdb": "772"}}).json()
    assert by_id["episode"]["number"] == 2
    number = by_id["episode"]["ids"]["trakt"]
    assert scrobble(client, "start", 5, episode={"ids": {"trakt": number}}).status_code == 201
    show = {"ids": {"slug": "sherlock-2010"}}
    assert scrobble(client, "stop", 90, **part(3, show)).status_code == 201
    assert state(api, client, "show:sherlock")["watched"] is True


def test_nothing_is_made_up_for_an_id_alone(client: httpx.Client) -> None:
    assert scrobble(client, "start", 5, episode={"ids": {"tvdb": 999}}).status_code == 404
    assert scrobble(client, "start", 5, **part(1, {"ids": {"trakt": 98765}})).status_code == 404
    assert scrobble(client, "start", 5, movie={"ids": {"trakt": 98765}}).status_code == 404
    assert client.post("scrobble/start", json={"progress": 5}).status_code == 404


def test_what_no_library_has_is_placed_on_a_shelf_of_its_own(
    api: Api, client: httpx.Client
) -> None:
    found = scrobble(client, "stop", 95, movie={"ids": {"imdb": "tt0052357"}})
    assert found.status_code == 201
    chernobyl = {"title": "Chernobyl", "year": "2019"}
    assert scrobble(client, "stop", 95, **part(1, chernobyl)).json()["show"]["year"] == 2019
    shelf = state(api, client, "show_shelf:trakt")
    assert (shelf["title"], shelf["watched_leaves"]) == ("Trakt", 1)


@pytest.mark.parametrize(
    ("progress", "status"), [(-1, 422), ("nan", 422), (0.5, 422), (103.7, 201)]
)
def test_progress_that_is_none_is_refused_and_a_little_over_is_all(
    client: httpx.Client, progress: Any, status: int
) -> None:
    assert scrobble(client, "stop", progress).status_code == status


def test_progress_may_be_over_all_while_it_is_played(client: httpx.Client) -> None:
    assert scrobble(client, "pause", 103.7).status_code == 201


def test_who_may_not_see_a_film_is_told_that_there_is_none(
    api: Api, client_of: Callable[..., httpx.Client]
) -> None:
    limits = {"allowed_shelves": ["show_shelf:tv"], "allowed_tags": None, "denied_tags": []}
    assert api.admin.put("/v1/users/kid/access", json=limits).status_code == 200
    assert scrobble(client_of("kid"), "start", 5).status_code == 404


def test_one_may_check_in_and_out(client: httpx.Client) -> None:
    assert client.post("checkin", json=FILM).status_code == 201
    assert client.request("DELETE", "checkin", json={}).status_code == 204

"""Now playing over HTTP: who is shown what plays where."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from domain.events import PlayerState, ProgressReported, device_user_stream
from infrastructure.ledger.entries import Append, Entry
from tests.helpers.api import Api, problem


def play(api: Api, cduid: str, item: str, user: str = "ann") -> int:
    """A player's report that it plays, and the position it was recorded at."""
    event = ProgressReported(
        item=item, played_seconds=300.0, duration_seconds=1_200.0, state=PlayerState.PLAYING
    )
    append = Append([Entry(device_user_stream(cduid), event, uuid4(), user)])
    return api.services.writer.submit(append).result().position


def playing(client: httpx.Client, path: str, **parameters: Any) -> dict[str, Any]:
    answer = client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_viewer_is_shown_what_its_group_plays_and_the_admin_everything(api: Api) -> None:
    api.place_show("one")
    tv, phone = api.register("tv", display_name="Living room"), api.register("phone")
    api.register("silo", isolation_mode="silo")
    api.register("other", user="bob")
    for cduid, user in (("tv", "ann"), ("silo", "ann"), ("other", "bob")):
        position = play(api, cduid, "episode:one", user)
    [found] = playing(phone, "/v1/device-users/phone/now-playing", after=position)["items"]
    at, since = found.pop("at"), found.pop("since")
    assert at == since
    assert [each["title"] for each in found.pop("titles")] == ["one", "Season 1", "The Show"]
    assert found == {
        "cduid": "tv",
        "user": "ann",
        "device": "device-tv",
        "device_name": "Living room",
        "item": "episode:one",
        "share": 0.25,
        "played_seconds": 300,
        "duration_seconds": 1200,
    }
    everywhere = playing(api.admin, "/v1/now-playing", after=position)
    assert [each["cduid"] for each in everywhere["items"]] == ["other", "silo", "tv"]
    assert everywhere["position"] == position
    assert playing(tv, "/v1/device-users/tv/now-playing")["items"] != []


def test_what_is_withheld_or_hidden_is_not_shown(api: Api) -> None:
    api.place_movies("a", "b")
    items = [{"item": "movie:a", "tags": ["scary"]}]
    assert api.admin.post("/v1/catalog/items", json={"items": items}).status_code == 200
    tv, phone = api.register("tv"), api.register("phone")
    limits = {"allowed_shelves": None, "allowed_tags": None, "denied_tags": ["scary"]}
    api.admin.put("/v1/users/ann/access", json=limits).raise_for_status()
    play(api, "tv", "movie:a")
    position = play(api, "phone", "movie:b")
    path = "/v1/device-users/tv/now-playing"
    shown = playing(tv, path, after=position)["items"]
    assert [each["item"] for each in shown] == ["movie:b"]
    hidden = api.admin.delete("/v1/catalog/items/movie:b").json()["position"]
    assert playing(phone, path.replace("tv", "phone"), after=hidden)["items"] == []
    everywhere = playing(api.admin, "/v1/now-playing")["items"]
    assert {each["item"] for each in everywhere} == {"movie:a", "movie:b"}


def test_what_the_catalog_does_not_know_has_no_titles(api: Api) -> None:
    api.register("tv")
    position = play(api, "tv", "movie:unheard-of")
    [found] = playing(api.admin, "/v1/now-playing", after=position)["items"]
    assert (found["item"], found["titles"]) == ("movie:unheard-of", [])


def test_it_comes_in_pages(api: Api) -> None:
    api.place_movies("a")
    cduids = [f"tv{number}" for number in range(5)]
    for cduid in cduids:
        api.register(cduid)
        position = play(api, cduid, "movie:a")
    for client, path in (
        (api.admin, "/v1/now-playing"),
        (api.admin, "/v1/device-users/tv0/now-playing"),
    ):
        first = playing(client, path, after=position, limit=3)
        rest = playing(client, path, limit=3, cursor=first["next_cursor"])
        assert [each["cduid"] for each in first["items"] + rest["items"]] == cduids
        assert rest["next_cursor"] is None


@pytest.mark.parametrize("path", ["/v1/now-playing", "/v1/device-users/tv/now-playing"])
@pytest.mark.usefixtures("tv")
def test_a_cursor_of_something_else_is_refused(shared_api: Api, path: str) -> None:
    answer = shared_api.admin.get(path, params={"cursor": "!"})
    assert problem(answer) == (400, "invalid_cursor")

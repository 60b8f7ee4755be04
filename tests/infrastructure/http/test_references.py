"""An event may say what the player calls the item; the ledger finds it, and keeps what was said."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx

from tests.helpers.api import Api, send

HEAT = {"kind": "movie", "title": "Heat", "year": 1995, "ids": {"imdb": "tt0113277", "tmdb": 949}}
PILOT = {"kind": "episode", "show": {"title": "Lost"}, "season": 1, "episode": 1}

ACTIVITY = {"type": "watch"}


def told(ref: dict[str, Any], type_: str = "watch", **fields: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "type": type_, "ref": ref, **fields}


def place_heat(api: Api, key: str = "heat", **fields: Any) -> None:
    api.place({"item": "movie_shelf:m"})
    item = {"item": f"movie:{key}", "parent": "movie_shelf:m", "title": "Heat", "year": 1995}
    api.place({**item, "external_ids": {"imdb": "tt0113277"}, **fields})


def only(client: httpx.Client, *events: dict[str, Any]) -> dict[str, Any]:
    [result] = send(client, *events)
    return result


def test_what_a_player_calls_a_film_is_the_film_and_stays_in_its_history(api: Api) -> None:
    tv = api.register("tv")
    place_heat(api)
    result = only(tv, told(HEAT, occurred_at="2026-01-31T20:15:00Z"))
    assert (result["status"], result["item"]) == ("recorded", "movie:heat")
    after = {"after": result["position"]}
    item = tv.get("/v1/device-users/tv/items/movie:heat", params=after).json()
    assert item["watched"]
    [shown] = tv.get("/v1/device-users/tv/history", params=ACTIVITY).json()["events"]
    assert (shown["item"], shown["ref"]["title"], shown["ref"]["ids"]["tmdb"]) == (
        "movie:heat",
        "Heat",
        "949",
    )


def test_what_nobody_has_is_unresolved_for_a_device_and_not_recorded(api: Api) -> None:
    tv = api.register("tv")
    result = only(tv, told(HEAT))
    assert (result["status"], result["error"]["code"]) == ("rejected", "unresolved")
    assert tv.get("/v1/device-users/tv/history", params=ACTIVITY).json()["events"] == []
    assert api.admin.get("/v1/catalog/items").json()["items"] == []


def test_what_nobody_has_is_placed_for_the_admin(api: Api) -> None:
    tv = api.register("tv")
    results = send(
        api.admin, told(HEAT, cduid="tv"), told(PILOT, "progress", cduid="tv", share=0.5)
    )
    assert [each["item"] for each in results] == ["movie:imdb-tt0113277", "episode:lost.s01e01"]
    after = {"after": results[1]["position"]}
    [going] = tv.get("/v1/device-users/tv/in-progress", params=after).json()["items"]
    assert going["item"] == "episode:lost.s01e01"


def test_nothing_is_placed_for_a_device_user_that_is_not_there(api: Api) -> None:
    result = only(api.admin, told(HEAT, cduid="nobody"))
    assert result["error"]["code"] == "unknown_device_user"
    assert api.admin.get("/v1/catalog/items").json()["items"] == []


def test_what_fits_two_films_is_not_guessed(api: Api) -> None:
    tv = api.register("tv")
    place_heat(api)
    place_heat(api, "other", external_ids={"imdb": "tt9"}, year=1986)
    result = only(tv, told({"kind": "movie", "title": "Heat"}))
    assert result["error"]["code"] == "ambiguous"
    assert "movie:heat, movie:other" in result["error"]["detail"]


def test_sent_again_it_is_a_duplicate_whatever_it_would_mean_by_now(api: Api) -> None:
    tv = api.register("tv")
    place_heat(api)
    sent = told(HEAT, occurred_at="2026-01-31T20:15:00Z")
    first = only(tv, sent)
    api.place({"item": "movie:heat", "external_ids": {}, "title": "Fire"})
    again = only(tv, sent)
    assert (again["status"], again["position"]) == ("duplicate", first["position"])
    other = only(tv, {**sent, "ref": {**HEAT, "year": 1996}})
    assert other["error"]["code"] == "submission_conflict"


def test_what_is_withheld_is_as_unresolved_as_what_is_not_there(api: Api) -> None:
    tv = api.register("tv", "kid")
    place_heat(api, tags=["violent"])
    limits = {"allowed_shelves": None, "allowed_tags": None, "denied_tags": ["violent"]}
    api.admin.put("/v1/users/kid/access", json=limits)
    withheld, missing = send(tv, told(HEAT), told({"kind": "movie", "title": "Heat 2"}))
    assert withheld["error"]["code"] == missing["error"]["code"] == "unresolved"
    assert "movie:heat" not in withheld["error"]["detail"]


def test_a_show_is_dismissed_and_a_season_marked_by_what_they_are_called(api: Api) -> None:
    tv = api.register("tv")
    api.place_show("e1", "e2")
    season = {"kind": "season", "show": {"title": "Show, The"}, "season": 1}
    results = send(
        tv, told({"kind": "show", "title": "the show"}, "dismiss"), told(season, "watch")
    )
    assert [each["item"] for each in results] == ["show:s", "season:s1"]


def test_two_who_tell_of_the_same_at_once_place_it_once(api: Api) -> None:
    for number in range(4):
        api.register(f"tv{number}", f"user{number}")

    def tell(number: int) -> dict[str, Any]:
        ref = PILOT if number % 2 else {**PILOT, "show": {"title": "LOST", "year": 2004}}
        return only(api.admin, told(ref, cduid=f"tv{number}"))

    with ThreadPoolExecutor(4) as threads:
        results = list(threads.map(tell, range(4)))
    assert len({each["item"] for each in results}) == 1
    items = api.admin.get("/v1/catalog/items").json()["items"]
    assert len(items) == 4  # shelf, show, season, episode


def test_what_stood_in_gives_way_to_what_a_library_lists(api: Api) -> None:
    tv = api.register("tv")
    send(api.admin, told(HEAT, cduid="tv", occurred_at="2026-01-31T20:15:00Z"))
    place_heat(api, "from-library")
    position = api.place({"item": "movie:b", "parent": "movie_shelf:m"})
    after = {"after": position}
    answer = tv.get("/v1/device-users/tv/items", params={**after, "kind": "movie"}).json()
    assert [(each["item"], each["watched"]) for each in answer["items"]] == [
        ("movie:b", False),
        ("movie:from-library", True),
    ]
    assert only(tv, told(HEAT))["item"] == "movie:from-library"


def test_an_item_is_found_by_the_number_that_it_is_answered_with(api: Api) -> None:
    tv = api.register("tv")
    place_heat(api)
    item = tv.get("/v1/device-users/tv/items/movie:heat").json()
    ref = {"kind": "movie", "ids": {"watchledger": item["number"]}}
    assert only(tv, told(ref))["item"] == "movie:heat"

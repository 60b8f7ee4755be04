"""Device users are registered, changed, and limited in what their users see."""

from typing import Any

import pytest

from tests.helpers.api import Api, event, problem, send

ANN = {"user": "ann", "device": "d1"}


def shown(api: Api, cduid: str = "tv") -> dict[str, Any]:
    params = {"after": api.services.ledger.head().position}
    items = api.admin.get("/v1/device-users", params=params).json()["items"]
    [found] = [item for item in items if item["cduid"] == cduid]
    return dict(found)


def test_the_token_is_told_the_first_time_only(api: Api) -> None:
    first = api.admin.put("/v1/device-users/tv", json=ANN)
    assert first.status_code == 201
    assert first.json()["token"].startswith("tv.")
    again = api.admin.put("/v1/device-users/tv", json=ANN)
    assert (again.status_code, again.json()) == (200, {"position": first.json()["position"]})


def test_a_field_left_out_keeps_its_value(api: Api) -> None:
    fields = {"display_name": "Den", "kind": "tv", "isolation_mode": "silent"}
    api.admin.put("/v1/device-users/tv", json={**ANN, **fields})
    api.admin.put("/v1/device-users/tv", json={**ANN, "kind": "box", "reported_name": "TV-1"})
    found = shown(api)
    assert (found["display_name"], found["kind"], found["reported_name"]) == ("Den", "box", "TV-1")
    assert found["isolation_mode"] == "silo"


def test_user_and_device_stay(api: Api) -> None:
    api.admin.put("/v1/device-users/tv", json=ANN)
    for other in ({**ANN, "user": "bob"}, {**ANN, "device": "d2"}):
        answer = api.admin.put("/v1/device-users/tv", json=other)
        assert problem(answer) == (409, "device_user_differs")


def test_a_device_changes_its_own_mode_and_name(api: Api) -> None:
    tv = api.register("tv")
    body = {"isolation_mode": "quiet", "display_name": "Attic"}
    assert tv.patch("/v1/device-users/tv", json=body).status_code == 200
    found = shown(api)
    assert (found["isolation_mode"], found["display_name"]) == ("quiet", "Attic")
    assert found["watch_group"] == "cduid:tv"


def test_revoking_twice_is_as_good_as_once(api: Api) -> None:
    api.register("tv")
    first = api.admin.delete("/v1/device-users/tv/token")
    assert api.admin.delete("/v1/device-users/tv/token").json() == first.json()
    assert shown(api)["has_token"] is False


def test_an_unregistered_cduid_is_not_there(shared_api: Api) -> None:
    admin = shared_api.admin
    answers = (
        admin.patch("/v1/device-users/x", json={}),
        admin.post("/v1/device-users/x/token"),
        admin.delete("/v1/device-users/x/token"),
        admin.get("/v1/device-users/x/watched"),
    )
    assert [problem(answer) for answer in answers] == [(404, "unknown_device_user")] * 4


@pytest.mark.parametrize("cduid", ["a%20b", "-a", "a" * 129, "%00", "a%0Ab", "%C3%A9"])
def test_a_malformed_cduid_is_named(shared_api: Api, cduid: str) -> None:
    answer = shared_api.admin.put(f"/v1/device-users/{cduid}", json=ANN)
    assert problem(answer) == (400, "invalid_parameter")
    assert answer.json()["errors"][0]["parameter"] == "cduid"


def test_modes_and_names_that_make_no_sense_are_pointed_to(shared_api: Api) -> None:
    body = {"isolation_mode": "whisper", "display_name": "a\x1bb"}
    answer = shared_api.admin.patch("/v1/device-users/tv", json=body)
    assert problem(answer) == (400, "invalid_body")
    assert {fault["pointer"]: fault["detail"] for fault in answer.json()["errors"]} == {
        "/isolation_mode": "must be one of silo, quiet, loud, shout, silent",
        "/display_name": "holds control characters; leave them out",
    }


def test_access_is_sent_whole(shared_api: Api) -> None:
    answer = shared_api.admin.put("/v1/users/ann/access", json={"denied_tags": ["gore"]})
    assert problem(answer) == (400, "invalid_body")
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {
        "/allowed_shelves",
        "/allowed_tags",
    }


def test_access_may_be_limited_before_a_user_has_a_device(api: Api) -> None:
    limits = {"allowed_shelves": ["movie_shelf:kids"], "allowed_tags": None, "denied_tags": []}
    first = api.admin.put("/v1/users/kid/access", json=limits)
    assert (first.status_code, first.json()["position"]) == (200, 1)
    assert api.admin.put("/v1/users/kid/access", json=limits).json()["position"] == 1


def test_limits_are_told_as_they_are_stored(api: Api) -> None:
    none = api.admin.get("/v1/users/kid/access").json()
    assert (none["allowed_shelves"], none["allowed_tags"], none["denied_tags"]) == (None, None, [])
    limits = {"allowed_shelves": [], "allowed_tags": ["kids"], "denied_tags": ["b", "a"]}
    put = api.admin.put("/v1/users/kid/access", json=limits)
    found = api.admin.get("/v1/users/kid/access", params={"after": put.json()["position"]}).json()
    assert found["position"] == put.json()["position"]
    assert {name: found[name] for name in limits} == {**limits, "denied_tags": ["a", "b"]}
    assert found["warnings"] == put.json()["warnings"]


def test_a_limit_that_nothing_matches_is_warned_of(api: Api) -> None:
    api.place({"item": "movie_shelf:m", "parent": None, "tags": ["kids"]})
    limits = {
        "allowed_shelves": ["movie_shelf:m", "movie_shelf:n"],
        "allowed_tags": ["kids", "kid"],
        "denied_tags": ["gore"],
    }
    assert api.admin.put("/v1/users/kid/access", json=limits).json()["warnings"] == [
        "allowed_shelves: the catalog has no movie_shelf:n",
        "allowed_tags: nothing in the catalog carries kid",
        "denied_tags: nothing in the catalog carries gore",
    ]


def test_limits_are_the_admins_to_read(api: Api) -> None:
    tv = api.register("tv", user="kid")
    assert problem(tv.get("/v1/users/kid/access")) == (403, "admin_only")


def after(api: Api) -> dict[str, int]:
    return {"after": api.services.ledger.head().position}


def test_a_device_user_goes_to_another_user_with_all_that_it_said(api: Api) -> None:
    api.place_movies("a", "b")
    tv, phone = api.register("tv", "ann"), api.register("phone", "ben")
    send(tv, event("movie:a"))
    send(phone, event("movie:b"))
    answer = api.admin.post("/v1/device-users/tv/reassign", json={"user": "ben"})
    assert answer.status_code == 200
    history = "/v1/history"
    for user, count in (("ann", 0), ("ben", 7)):
        params: dict[str, str | int] = {"user": user, **after(api)}
        assert len(api.admin.get(history, params=params).json()["events"]) == count, user
    seen = phone.get("/v1/device-users/phone/items/movie:a", params=after(api)).json()
    assert seen["watched"] is True
    assert all(
        event_["user"] == "ben"
        for event_ in api.admin.get(history, params={"cduid": "tv"}).json()["events"]
    )


def test_reassigning_is_undone_by_doing_it_back(api: Api) -> None:
    api.place_movies("a")
    tv, phone = api.register("tv", "ann"), api.register("phone", "ann")
    send(tv, event("movie:a"))
    for user in ("ben", "ben", "ann"):
        answer = api.admin.post("/v1/device-users/tv/reassign", json={"user": user})
        assert answer.status_code == 200
    seen = phone.get("/v1/device-users/phone/items/movie:a", params=after(api)).json()
    assert seen["watched"] is True
    assert api.services.ledger.head().position == answer.json()["position"] == 9


def test_a_retired_device_user_is_in_no_list_and_what_it_said_stays(api: Api) -> None:
    api.place_movies("a")
    tv, phone = api.register("tv"), api.register("phone")
    send(tv, event("movie:a"))
    assert api.admin.post("/v1/device-users/tv/retire").status_code == 200
    assert problem(tv.post("/v1/events", json={"events": [event()]})) == (401, "token_unknown")
    listed = api.admin.get("/v1/device-users", params=after(api)).json()["items"]
    assert [each["cduid"] for each in listed] == ["phone"]
    everyone = api.admin.get("/v1/device-users", params={"retired": True}).json()["items"]
    assert [(each["cduid"], each["retired"]) for each in everyone] == [
        ("phone", False),
        ("tv", True),
    ]
    assert phone.get("/v1/device-users/phone/items/movie:a").json()["watched"] is True


def test_what_is_retired_is_reinstated_before_it_is_used_again(api: Api) -> None:
    api.register("tv")
    api.admin.post("/v1/device-users/tv/retire")
    for answer in (
        api.admin.post("/v1/device-users/tv/token"),
        api.admin.put("/v1/device-users/tv", json={"user": "ann", "device": "device-tv"}),
    ):
        assert problem(answer) == (409, "device_user_retired")
    token = api.admin.post("/v1/device-users/tv/reinstate").json()["token"]
    [result] = send(api.client(token), event())
    assert result["status"] == "recorded"
    assert "token" not in api.admin.post("/v1/device-users/tv/reinstate").json()


def test_only_what_is_registered_is_reassigned_retired_or_reinstated(shared_api: Api) -> None:
    admin = shared_api.admin
    answers = (
        admin.post("/v1/device-users/x/reassign", json={"user": "ben"}),
        admin.post("/v1/device-users/x/retire"),
        admin.post("/v1/device-users/x/reinstate"),
    )
    assert [problem(answer) for answer in answers] == [(404, "unknown_device_user")] * 3
    nobody = admin.post("/v1/device-users/tv/reassign", json={})
    assert problem(nobody) == (400, "invalid_body")

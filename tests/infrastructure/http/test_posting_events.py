"""Players report what was watched; each event is answered by itself."""

from uuid import uuid4

import pytest

from tests.helpers.api import Api, event, problem, send


def test_events_are_recorded_in_order(api: Api) -> None:
    tv = api.register("tv")
    api.place_movies("a", "b")
    first, second = send(tv, event("movie:a"), event("movie:b", "unwatch"))
    assert (first["status"], second["status"]) == ("recorded", "recorded")
    assert second["position"] == first["position"] + 1
    assert "warning" not in first


def test_the_answer_names_each_event_by_its_id(api: Api) -> None:
    tv = api.register("tv")
    sent = [event(), event("movie:/"), event(type_="unwatch")]
    assert [result["id"] for result in send(tv, *sent)] == [each["id"] for each in sent]


def test_a_retry_is_answered_with_the_first_position(api: Api) -> None:
    tv = api.register("tv")
    sent = event(occurred_at="2026-01-31T20:15:00Z")
    [first] = send(tv, sent)
    [again] = send(tv, sent)
    assert (again["status"], again["position"]) == ("duplicate", first["position"])
    [in_other_words] = send(tv, {**sent, "occurred_at": "2026-01-31T21:15:00+01:00"})
    assert in_other_words["status"] == "duplicate"


def test_the_same_id_with_other_content_is_rejected(api: Api) -> None:
    tv = api.register("tv")
    sent = event("movie:a")
    send(tv, sent)
    [result] = send(tv, {**sent, "item": "movie:b"})
    assert result["status"] == "rejected"
    assert result["error"]["code"] == "submission_conflict"
    [dated] = send(tv, {**sent, "occurred_at": "2026-01-31T20:15:00Z"})
    assert dated["error"]["code"] == "submission_conflict"


def test_the_same_id_twice_in_one_request_is_recorded_once(api: Api) -> None:
    tv = api.register("tv")
    sent = event("movie:a")
    first, again, other = send(tv, sent, sent, {**sent, "item": "movie:b"})
    assert (first["status"], again["status"]) == ("recorded", "duplicate")
    assert again["position"] == first["position"]
    assert other["error"]["code"] == "submission_conflict"


def test_two_device_users_may_use_the_same_id(api: Api) -> None:
    tv, phone = api.register("tv"), api.register("phone")
    sent = event()
    assert [send(client, sent)[0]["status"] for client in (tv, phone)] == ["recorded"] * 2


def test_one_bad_event_does_not_hold_back_the_others(api: Api) -> None:
    tv = api.register("tv")
    results = send(tv, event(), {"type": "watch"}, 7, None, event("movie:b"))
    assert [result["status"] for result in results] == [
        "recorded",
        "rejected",
        "rejected",
        "rejected",
        "recorded",
    ]
    assert [result["id"] is None for result in results] == [False, True, True, True, False]


def test_an_item_that_the_catalog_does_not_know_is_recorded_with_a_warning(api: Api) -> None:
    tv = api.register("tv")
    [result] = send(tv, event("movie:unknown"))
    assert (result["status"], result["warning"]) == ("recorded", "unknown_item")


def test_an_item_that_the_user_may_not_see_is_answered_like_an_unknown_one(api: Api) -> None:
    tv = api.register("tv", user="kid")
    api.place_movies("a")
    api.place({"item": "movie:gore", "parent": "movie_shelf:m", "tags": ["gore"]})
    limits = {"allowed_shelves": None, "allowed_tags": None, "denied_tags": ["gore"]}
    assert api.admin.put("/v1/users/kid/access", json=limits).status_code == 200
    results = send(tv, event("movie:gore"), event("movie:a"), event("movie_shelf:m"))
    assert [result.get("warning") for result in results] == ["unknown_item", None, None]
    assert {result["status"] for result in results} == {"recorded"}


def test_a_hidden_item_is_recorded_with_a_warning(api: Api) -> None:
    tv = api.register("tv")
    api.place_movies("a")
    api.admin.delete("/v1/catalog/items/movie_shelf:m")
    [result] = send(tv, event("movie:a"))
    assert (result["status"], result["warning"]) == ("recorded", "unknown_item")


def test_the_admin_says_whose_event_it_is(api: Api) -> None:
    api.register("tv")
    results = send(api.admin, event(cduid="tv"), event(), event(cduid="nobody"))
    assert results[0]["status"] == "recorded"
    assert [result["error"]["code"] for result in results[1:]] == [
        "cduid_missing",
        "unknown_device_user",
    ]


def test_another_cduid_is_rejected_as_if_it_were_not_there(api: Api) -> None:
    tv = api.register("tv")
    api.register("phone")
    own, others, unknown = send(tv, event(cduid="tv"), event(cduid="phone"), event(cduid="nobody"))
    assert own["status"] == "recorded"
    assert others["error"]["code"] == unknown["error"]["code"] == "unknown_device_user"
    assert others["error"]["detail"].replace("phone", "nobody") == unknown["error"]["detail"]


def test_a_thousand_events_are_taken_at_once(api: Api) -> None:
    tv = api.register("tv")
    results = send(tv, *(event(f"movie:{number}") for number in range(1_000)))
    assert {result["status"] for result in results} == {"recorded"}


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_body_without_a_length_is_bounded_too(api: Api) -> None:
    tv = api.register("tv")
    chunk = b" " * 1_000_000
    answer = tv.post("/v1/events", content=(chunk for _ in range(9)))
    assert problem(answer) == (413, "body_too_large")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_was_recorded_is_in_the_history_as_it_was_sent(api: Api) -> None:
    tv = api.register("tv")
    sent = event("movie:a", "progress", played_seconds=5000, duration_seconds=100)
    sent["id"] = str(uuid4()).upper()
    [result] = send(tv, sent)
    history = tv.get("/v1/device-users/tv/history", params={"after": result["position"]})
    [found, *_] = history.json()["events"]
    assert found["id"] == sent["id"].lower() == result["id"]
    assert (found["played_seconds"], found["duration_seconds"]) == (5000, 100)
    assert found["occurred_at"] is None


def test_a_duration_of_nothing_is_one_that_the_player_does_not_know(api: Api) -> None:
    tv = api.register("tv")
    api.place_movies("a")
    sent = event("movie:a", "progress", played_seconds=3600, duration_seconds=0)
    assert send(tv, sent)[0]["status"] == "recorded"
    unknown = {key: each for key, each in sent.items() if key != "duration_seconds"}
    assert send(tv, unknown)[0]["status"] == "duplicate", "it is what was left out"


def test_a_clock_that_was_never_set_is_warned_of(api: Api) -> None:
    tv = api.register("tv")
    api.place_movies("a")
    unset = event("movie:a", "unwatch", occurred_at="1970-01-01T00:12:00Z")
    assert send(tv, unset)[0]["warning"] == "unset_clock"
    undated = event("movie:a", "watch", occurred_at="1970-01-01T00:00:00Z")
    assert "warning" not in send(tv, undated)[0]
    assert send(tv, event("movie:b", "watch"))[0]["warning"] == "unknown_item"

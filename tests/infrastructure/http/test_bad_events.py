"""Every way an event can be wrong has its own clear words; the request itself succeeds."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.helpers.api import Api, event, problem, send


def rejection(tv: httpx.Client, sent: Any) -> tuple[str, str]:
    """The code and the detail with which an event is rejected."""
    [result] = send(tv, sent)
    assert result["status"] == "rejected"
    return result["error"]["code"], result["error"]["detail"]


def progress(**fields: Any) -> dict[str, Any]:
    return event("movie:a", "progress", **fields)


def test_an_unknown_kind_of_item(tv: httpx.Client) -> None:
    code, detail = rejection(tv, event("podcast:a"))
    assert code == "invalid_event"
    assert detail.startswith("item names no kind that there is; the kinds are movie_shelf, movie,")


@pytest.mark.parametrize("item", ["movie", "movie:", "movie:/a", "movie:.a", f"movie:{'a' * 129}"])
def test_a_malformed_item(tv: httpx.Client, item: str) -> None:
    _, detail = rejection(tv, event(item))
    assert detail.startswith("item is no item; send kind:key")


def test_a_malformed_cduid(tv: httpx.Client) -> None:
    _, detail = rejection(tv, event(cduid="a b"))
    assert detail.startswith("cduid must be letters, digits")


def test_a_progress_on_a_container(tv: httpx.Client) -> None:
    sent = event("show:s", "progress", played_seconds=1, duration_seconds=2)
    code, detail = rejection(tv, sent)
    assert code == "progress_on_container"
    assert detail.startswith("show:s holds other items; report the progress of the one")


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        (
            {"played_seconds": -1, "duration_seconds": 10},
            "played_seconds should be greater than or equal to 0.",
        ),
        (
            {"played_seconds": 1, "duration_seconds": -5},
            "duration_seconds should be greater than or equal to 0.",
        ),
        (
            {"played_seconds": "12", "duration_seconds": 10},
            "played_seconds should be a valid number.",
        ),
        (
            {"played_seconds": 1e12, "duration_seconds": 10},
            "played_seconds should be less than or equal to 1000000000.",
        ),
    ],
)
def test_seconds_that_make_no_sense(tv: httpx.Client, fields: dict[str, Any], detail: str) -> None:
    assert rejection(tv, progress(**fields)) == ("invalid_event", detail)


@pytest.mark.parametrize("fields", [{}, {"duration_seconds": 10}, {"played_seconds": None}])
def test_a_progress_that_says_not_how_far(tv: httpx.Client, fields: dict[str, Any]) -> None:
    assert rejection(tv, progress(**fields)) == (
        "progress_missing",
        "A progress says how far it is; send played_seconds or share.",
    )


@pytest.mark.parametrize("seconds", ["played_seconds", "duration_seconds"])
def test_a_share_beside_seconds(tv: httpx.Client, seconds: str) -> None:
    code, detail = rejection(tv, progress(share=0.5, **{seconds: 10}))
    assert code == "share_with_seconds"
    assert detail.startswith("A share stands in place of played_seconds and duration_seconds;")


@pytest.mark.parametrize(
    ("share", "detail"),
    [
        (-0.1, "share should be greater than or equal to 0."),
        (1.01, "share should be less than or equal to 1."),
        (90, "share should be less than or equal to 1."),
    ],
)
def test_a_share_that_is_none(tv: httpx.Client, share: float, detail: str) -> None:
    assert rejection(tv, progress(share=share)) == ("invalid_event", detail)


def test_a_state_that_there_is_not(tv: httpx.Client) -> None:
    _, detail = rejection(tv, progress(share=0.5, state="buffering"))
    assert detail == "state should be 'playing', 'paused' or 'stopped'."


def test_undated_beside_a_time(tv: httpx.Client) -> None:
    sent = event(undated=True, occurred_at="2026-01-31T20:15:00Z")
    code, detail = rejection(tv, sent)
    assert code == "undated_with_time"
    assert detail == "An undated watch has no occurred_at; send one of the two."


def test_a_retraction_without_an_id(tv: httpx.Client) -> None:
    sent = {"id": str(uuid4()), "type": "retract"}
    assert rejection(tv, sent) == ("invalid_event", "retracts is missing.")


def test_a_retraction_of_itself(tv: httpx.Client) -> None:
    name = str(uuid4())
    code, detail = rejection(tv, {"id": name, "type": "retract", "retracts": name.upper()})
    assert code == "retracts_itself"
    assert detail.startswith("A retraction can't name itself; send it under an id of its own")


@pytest.mark.parametrize("item", ["movie:a", "episode:a", "movie_shelf:a", "stream_source:a"])
def test_a_restart_of_what_has_no_episodes(tv: httpx.Client, item: str) -> None:
    code, detail = rejection(tv, event(item, "restart"))
    assert code == "not_restartable"
    assert detail.endswith("restart a show, a season or a shelf of shows.")


@pytest.mark.parametrize("type_", ["watch", "unwatch", "dismiss", "recall", "restart"])
def test_a_container_that_the_catalog_does_not_know(tv: httpx.Client, type_: str) -> None:
    assert rejection(tv, event("show:unknown", type_)) == (
        "unknown_item",
        "The catalog has no show:unknown. Send this again once the catalog has it.",
    )


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (["ann"], "with_oneself"),
        (["bob", "bob"], "with_repeated"),
        (["nobody"], "user_not_on_device"),
        (["cat"], "user_not_on_device"),
    ],
)
def test_company_that_cannot_be(shared_api: Api, names: list[str], code: str) -> None:
    den = shared_api.admin
    for cduid, user, device in (("a", "ann", "den"), ("b", "bob", "den"), ("c", "cat", "phone")):
        body = {"user": user, "device": device}
        assert den.put(f"/v1/device-users/{cduid}", json=body).status_code in {200, 201}
    found, detail = rejection(den, event(cduid="a") | {"with": names})
    assert found == code
    assert "with" in detail


def test_a_malformed_companion(tv: httpx.Client) -> None:
    _, detail = rejection(tv, event() | {"with": ["a b"]})
    assert detail.startswith("with/0 must be letters, digits")


@pytest.mark.parametrize(
    ("sent_at", "detail"),
    [
        ("2026-01-31T20:15:00", "has no time zone; send one such as 2026-01-31T20:15:00Z"),
        ("now", "must be a time such as 2026-01-31T20:15:00Z"),
    ],
)
def test_a_clock_that_cannot_be_read(tv: httpx.Client, sent_at: str, detail: str) -> None:
    answer = tv.post("/v1/events", json={"events": [event()], "sent_at": sent_at})
    assert problem(answer) == (400, "invalid_body")
    assert answer.json()["errors"] == [{"detail": detail, "pointer": "/sent_at"}]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_seconds_that_are_no_finite_number(tv: httpx.Client, number: str) -> None:
    body = (
        '{"events": [{"id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "type": "progress",'
        f' "item": "movie:a", "played_seconds": {number}, "duration_seconds": 10}}]}}'
    )
    [result] = tv.post("/v1/events", content=body).json()["results"]
    assert result["error"]["detail"] == "played_seconds must be a finite number."


def test_played_over_duration_counts_as_the_end(shared_api: Api, tv: httpx.Client) -> None:
    shared_api.place_movies("a")
    [result] = send(tv, progress(played_seconds=500, duration_seconds=100))
    params = {"after": result["position"]}
    shown = tv.get("/v1/device-users/tv/items/movie:a", params=params).json()
    assert (shown["watched"], shown["plays"]) == (True, 1)


@pytest.mark.parametrize(
    ("occurred_at", "detail"),
    [
        ("2026-01-31T20:15:00", "has no time zone; send one such as 2026-01-31T20:15:00Z."),
        ("1899-12-31T23:59:59Z", "is before 1900; send the time of the viewing."),
        ("9999-01-01T00:00:00Z", "is after 9998; send the time of the viewing."),
        ("yesterday", "must be a time such as 2026-01-31T20:15:00Z."),
        (1767225600, "must be a time such as 2026-01-31T20:15:00Z."),
        ("1767225600", "must be a time such as 2026-01-31T20:15:00Z."),
    ],
)
def test_a_time_that_makes_no_sense(tv: httpx.Client, occurred_at: Any, detail: str) -> None:
    sent = event(occurred_at=occurred_at)
    assert rejection(tv, sent) == ("invalid_event", f"occurred_at {detail}")


def test_a_time_in_the_future_is_taken_and_counts_as_now(tv: httpx.Client) -> None:
    [result] = send(tv, event(occurred_at="2199-01-01T00:00:00Z"))
    params = {"after": result["position"], "type": "watch"}
    [found] = tv.get("/v1/device-users/tv/history", params=params).json()["events"]
    assert found["occurred_at"] == "2199-01-01T00:00:00Z"
    assert found["at"] == found["recorded_at"]


def test_a_type_that_there_is_not(tv: httpx.Client) -> None:
    _, detail = rejection(tv, event(type_="skip"))
    assert detail.endswith(
        "has a type that isn't known; send 'watch', 'unwatch', 'progress', 'retract', 'dismiss', "
        "'recall', 'restart'."
    )


def test_an_id_that_is_no_uuid(tv: httpx.Client) -> None:
    [result] = send(tv, {**event(), "id": "first"})
    assert result["id"] == "first"
    assert result["error"]["detail"].startswith("id should be a valid UUID")


def test_a_field_that_does_not_belong_there(tv: httpx.Client) -> None:
    _, detail = rejection(tv, event(type_="unwatch", duration_seconds=10))
    assert detail == "duration_seconds isn't a field here; leave it out."

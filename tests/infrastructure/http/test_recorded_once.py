"""What was recorded is answered as a duplicate, also where it wouldn't pass the checks now."""

from datetime import datetime
from typing import Any

import pytest

from tests.helpers.api import Api, event, send

NOTHING: dict[str, Any] = {"allowed_shelves": [], "allowed_tags": None, "denied_tags": []}


@pytest.fixture
def limited(api: Api) -> tuple[Any, dict[str, Any], int]:
    """A device, what it sent on a container that is withheld from its user since, and where."""
    tv = api.register("tv")
    api.place_movies("a")
    sent = event("movie_shelf:m")
    [first] = send(tv, sent)
    assert api.admin.put("/v1/users/ann/access", json=NOTHING).status_code == 200
    return tv, sent, first["position"]


def test_a_mark_on_what_is_withheld_is_refused_like_one_on_what_is_unknown(
    limited: tuple[Any, dict[str, Any], int],
) -> None:
    tv, _, _ = limited
    withheld, unknown = send(tv, event("movie_shelf:m"), event("movie_shelf:nil"))
    detail = withheld["error"]["detail"]
    assert withheld["error"] == {"code": "unknown_item", "detail": detail}
    assert unknown["error"]["detail"] == detail.replace("movie_shelf:m", "movie_shelf:nil")


def test_a_mark_on_what_is_withheld_since_is_a_duplicate(
    limited: tuple[Any, dict[str, Any], int],
) -> None:
    tv, sent, position = limited
    for more in ([], [event()]):
        again, fresh, *_ = send(tv, sent, event("movie_shelf:m"), *more)
        assert (again["status"], again["position"]) == ("duplicate", position)
        assert fresh["error"]["code"] == "unknown_item"


def test_other_content_under_its_id_is_a_conflict(
    limited: tuple[Any, dict[str, Any], int],
) -> None:
    tv, sent, position = limited
    [result] = send(tv, {**sent, "type": "unwatch"})
    assert result["error"]["code"] == "submission_conflict"
    assert f"position {position}" in result["error"]["detail"]


def test_what_was_sent_with_a_clock_is_a_duplicate_whatever_the_clock_shows_later(api: Api) -> None:
    tv = api.register("tv")
    sent = event(occurred_at="2026-01-31T20:15:00Z")
    statuses = [
        tv.post("/v1/events", json={"events": [sent], "sent_at": sent_at}).json()["results"][0]
        for sent_at in ("2026-01-31T20:16:00Z", None, "2026-01-31T21:00:00Z")
    ]
    assert [each["status"] for each in statuses] == ["recorded", "duplicate", "duplicate"]


def test_a_clock_that_is_off_dates_what_it_saw(api: Api) -> None:
    tv = api.register("tv")
    now = api.services.activity.clock_us() // 1_000_000
    sent = event(occurred_at="2020-01-01T00:00:00Z")
    body = {"events": [sent], "sent_at": "2020-01-01T01:00:00Z"}
    [result] = tv.post("/v1/events", json=body).json()["results"]
    params = {"after": result["position"], "type": "watch"}
    [found] = tv.get("/v1/device-users/tv/history", params=params).json()["events"]
    assert found["occurred_at"] == "2020-01-01T00:00:00Z"
    at = datetime.fromisoformat(found["at"])
    assert 3590 <= now - at.timestamp() <= 3600

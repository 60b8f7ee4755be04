"""A cursor that was made up is a place like any or refused, in every list: never a fault."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from tests.helpers.api import Api
from tests.infrastructure.http.test_reading import Device

TV = "/v1/device-users/tv"
LISTS = [
    *(f"{TV}/items?sort={sort}" for sort in ("order", "title", "placed", "last_played")),
    f"{TV}/items?parent=show:s",
    f"{TV}/items?parent=season:s1",
    f"{TV}/watched?",
    f"{TV}/watched?as_of=12",
    f"{TV}/in-progress?",
    f"{TV}/plays?",
    f"{TV}/plays?as_of=12",
    f"{TV}/plays?item=show:s",
    f"{TV}/next-up?",
    f"{TV}/history?",
    f"{TV}/history?group=true",
    f"{TV}/dismissed?",
    f"{TV}/now-playing?",
    *(f"{TV}/stats?by={by}" for by in ("month", "weekday_hour", "item")),
    "/v1/history?",
    "/v1/history?order=oldest&under=show:s",
    "/v1/history?user=ann",
    "/v1/device-users?",
    "/v1/catalog/items?",
    "/v1/catalog/items?parent=show:s",
    "/v1/stats?",
    "/v1/now-playing?",
]
WRONG: list[Any] = [
    *(0, 2**62, -(2**62), 2**63, 10**300, 0.5, None),
    *("", "\x00", "movie:a", "movie", "x" * 300, "9" * 400, [], {}),
]
TEXTS = ["", "=", "é", "\x00", "a" * 2_001, "AA", "//8", "7L2A7LKA"]


@pytest.fixture
def filled(api: Api) -> Api:
    """A ledger of which every list has several entries."""
    tv, phone = Device(api, "tv"), Device(api, "phone")
    api.place_show("e1", "e2", "e3")
    api.place_movies("a", "b", "c", "d")
    for device in (tv, phone):
        for played_seconds, at in ((0, "2026-01-31T20:00:00Z"), (900, "2026-01-31T20:15:00Z")):
            for item in ("movie:a", "episode:e2"):
                fields = {"played_seconds": played_seconds, "duration_seconds": 9_000}
                device.says("progress", item, occurred_at=at, **fields)
        device.says("watch", "movie:b", "episode:e1", occurred_at="2026-02-01T20:00:00Z")
        device.says("dismiss", "movie:c", "movie:d")
        device.says("progress", "episode:e3", share=0.5, state="playing")
    return api


def test_whatever_a_cursor_holds_the_answer_is_a_page_or_a_refusal(filled: Api) -> None:
    given = {path: cursor for path in LISTS if (cursor := next_cursor(filled, path)) is not None}
    assert len(given) > 20
    others = {cursor_of(place_of(cursor)) for cursor in given.values()}
    for path, cursor in given.items():
        for each in (*TEXTS, *others, *map(cursor_of, altered(place_of(cursor)))):
            answer = filled.admin.get(path, params=[("limit", "2"), ("cursor", each)])
            if answer.status_code != 200:
                assert answer.status_code == 400, (path, each, answer.text)
                assert answer.json()["code"] in {"invalid_cursor", "invalid_parameter"}


def next_cursor(api: Api, path: str) -> str | None:
    after = api.services.ledger.head().position
    asked = path if "as_of" in path else f"{path}&after={after}"
    answer = api.admin.get(f"{asked}&limit=1")
    assert answer.status_code == 200, answer.text
    found: str | None = answer.json()["next_cursor"]
    return found


def place_of(cursor: str) -> Any:
    return json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))


def cursor_of(place: Any) -> str:
    return urlsafe_b64encode(json.dumps(place).encode()).rstrip(b"=").decode()


def altered(place: Any) -> Iterator[Any]:
    """A place with each part of it in turn being something else, left out, or said twice."""
    if not isinstance(place, list):
        yield from WRONG
        return
    for number, part in enumerate(place):
        yield [*place[:number], *place[number + 1 :]]
        yield [*place[:number], part, *place[number:]]
        for other in (*WRONG, *altered(part)):
            yield [*place[:number], other, *place[number + 1 :]]

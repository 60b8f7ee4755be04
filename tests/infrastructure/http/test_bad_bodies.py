"""A body that can't be read at all is refused whole, and nothing is recorded."""

import json

import httpx
import pytest

from tests.helpers.api import Api, event, problem


def post(tv: httpx.Client, body: bytes) -> httpx.Response:
    return tv.post("/v1/events", content=body)


def faults(answer: httpx.Response) -> list[tuple[str, str]]:
    return [(fault["pointer"], fault["detail"]) for fault in answer.json()["errors"]]


def test_no_events(tv: httpx.Client) -> None:
    answer = post(tv, b'{"events": []}')
    assert problem(answer) == (400, "invalid_body")
    assert faults(answer) == [("/events", "holds 0; send 1 at least")]


def test_1001_events(shared_api: Api, tv: httpx.Client) -> None:
    before = shared_api.services.ledger.head()
    answer = tv.post("/v1/events", json={"events": [event() for _ in range(1_001)]})
    assert problem(answer) == (400, "invalid_body")
    assert faults(answer) == [("/events", "holds 1001; send 1000 at most")]
    assert shared_api.services.ledger.head() == before


def test_a_body_over_8_mib(tv: httpx.Client) -> None:
    assert problem(post(tv, b" " * (8 * 1024 * 1024 + 1))) == (413, "body_too_large")


def test_a_body_of_8_mib_is_read(tv: httpx.Client) -> None:
    body = json.dumps({"events": [event()]}).encode()
    assert post(tv, body.ljust(8 * 1024 * 1024)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"hello", b"[1,]", b"\xef\xbb\xbf", b'{"events": ["\\ud800"]}'],
)
def test_not_json(tv: httpx.Client, body: bytes) -> None:
    assert problem(post(tv, body)) == (400, "body_not_json")


def test_a_byte_order_mark_is_no_part_of_the_body(tv: httpx.Client) -> None:
    body = json.dumps({"events": [event()]}).encode("utf-8-sig")
    assert post(tv, body).json()["results"][0]["status"] == "recorded"


def test_an_array_is_told_what_it_is_to_stand_in(shared_api: Api, tv: httpx.Client) -> None:
    for answer in (
        post(tv, json.dumps([event()]).encode()),
        shared_api.admin.post("/v1/catalog/items", json=[{"item": "movie_shelf:m"}]),
    ):
        assert problem(answer) == (400, "invalid_body")
        [(pointer, detail)] = faults(answer)
        assert pointer == ""
        assert detail.startswith("is an array; send the object around it, such as {")


def test_not_utf_8(tv: httpx.Client) -> None:
    answer = post(tv, b'{"events": ["\xff"]}')
    assert problem(answer) == (400, "body_not_utf8")
    assert answer.json()["detail"] == "The body isn't UTF-8, from byte 13 on."


def test_json_nested_too_deep(tv: httpx.Client) -> None:
    assert problem(post(tv, b'{"events": ' + b"[" * 100_000)) == (400, "body_not_json")
    nested = b"[" * 150 + b"]" * 150
    answer = post(tv, b'{"events": [%b]}' % nested)
    assert answer.json()["results"][0]["status"] == "rejected"


def test_a_number_too_large_to_be_one(tv: httpx.Client) -> None:
    assert problem(post(tv, b'{"events": [1%b]}' % (b"0" * 10_000))) == (400, "body_not_json")


@pytest.mark.parametrize("body", [b"7", b"null", b'"events"'])
def test_not_an_object(tv: httpx.Client, body: bytes) -> None:
    answer = post(tv, body)
    assert problem(answer) == (400, "invalid_body")
    assert faults(answer) == [("", "should be an object")]


def test_an_object_without_events(tv: httpx.Client) -> None:
    answer = post(tv, b'{"event": []}')
    assert problem(answer) == (400, "invalid_body")
    assert faults(answer) == [
        ("/events", "is missing"),
        ("/event", "isn't a field here; leave it out"),
    ]


def test_every_bad_field_is_pointed_to(shared_api: Api) -> None:
    answer = shared_api.admin.put(
        "/v1/device-users/tv", json={"user": "a b", "device": 7, "x~/y": 1}
    )
    assert problem(answer) == (400, "invalid_body")
    assert [pointer for pointer, _ in faults(answer)] == ["/user", "/device", "/x~0~1y"]

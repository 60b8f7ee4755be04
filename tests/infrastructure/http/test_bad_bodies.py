"""A body that can't be read at all is refused whole, and nothing is recorded."""

import json
from typing import Any

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


def test_of_many_faults_the_first_20_are_told(shared_api: Api, tv: httpx.Client) -> None:
    unknown: dict[str, Any] = {f"f{number}": 1 for number in range(90)}
    answer = shared_api.admin.put("/v1/device-users/tv", json=unknown)
    assert problem(answer) == (400, "invalid_body")
    assert len(faults(answer)) == 20
    [result] = post(tv, json.dumps({"events": [event(**unknown)]}).encode()).json()["results"]
    assert result["error"]["detail"].count("isn't a field here") == 20


def test_an_object_with_more_fields_than_any_needs_is_not_looked_into(
    shared_api: Api, tv: httpx.Client
) -> None:
    unknown: dict[str, Any] = {f"f{number}": 1 for number in range(101)}
    told = "has more than 100 fields; send those that are described"
    for answer in (
        post(tv, json.dumps({"events": [event()], **unknown}).encode()),
        shared_api.admin.put("/v1/device-users/tv", json=unknown),
    ):
        assert problem(answer) == (400, "invalid_body")
        assert faults(answer) == [("", told)]
    [result] = post(tv, json.dumps({"events": [event(**unknown)]}).encode()).json()["results"]
    assert result["error"]["detail"] == f"it {told}."
    placed = {"item": "movie:a", "external_ids": dict.fromkeys(unknown, "1") | {" ": "1"}}
    answer = shared_api.admin.post("/v1/catalog/items", json={"items": [placed]})
    assert answer.json()["results"][0]["error"]["detail"] == f"external_ids {told}."


def test_a_field_whose_name_is_no_name_is_told_by_its_beginning(shared_api: Api) -> None:
    answer = shared_api.admin.put(
        "/v1/device-users/tv", json={"user": "ann", "device": "tv", "x" * 10_000: 1}
    )
    assert faults(answer) == [(f"/{'x' * 100}…", "isn't a field here; leave it out")]


@pytest.mark.parametrize("each", [b"[],", b"{},", b"0,", b'"",'])
def test_a_body_of_more_values_than_any_needs_is_not_read(tv: httpx.Client, each: bytes) -> None:
    answer = post(tv, b'{"events": [%b0]}' % (each * 200_000))
    assert problem(answer) == (413, "body_too_large")
    assert "holds more than 200000 values" in answer.json()["detail"]


def test_a_body_that_is_large_and_good_is_taken(tv: httpx.Client) -> None:
    sent = [event(share=0.5, type_="progress", state="playing") for _ in range(1_000)]
    body = json.dumps({"events": [*sent[1:], {**sent[0], "x": 1}]}, indent=8).encode()
    assert len(body) > 256 * 1024
    statuses = [result["status"] for result in post(tv, body).json()["results"]]
    assert "rejected" not in statuses[:-1]
    assert statuses[-1] == "rejected"

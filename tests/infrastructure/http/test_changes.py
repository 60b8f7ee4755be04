"""Changes as they happen: who is told what, when, and what ends a stream."""

import socket
from contextlib import ExitStack
from time import monotonic, sleep
from typing import Any

import httpx
import pytest
from sqlalchemy import QueuePool
from structlog.testing import capture_logs

from infrastructure.http import change_feed
from infrastructure.querying import changes
from tests.helpers.api import Api, event, problem, send, served
from tests.helpers.streams import Event, listening

OF_TV = "/v1/device-users/tv/changes"


def changed(position: int, *items: str, more: bool = False, **flags: bool) -> Event:
    told = {"next_up": True, "history": True, **flags}
    return Event(
        "changed", position, {"position": position, "items": [*items], "more": more, **told}
    )


def watched(client: httpx.Client, item: str = "movie:a") -> int:
    """Says that an item was watched, and gives its position."""
    position: int = send(client, event(item))[0]["position"]
    return position


def test_what_one_device_says_all_of_its_users_are_told_and_the_admin(api: Api) -> None:
    api.place_show("one")
    tv, phone = api.register("tv"), api.register("phone")
    with listening(tv, OF_TV) as on_tv, listening(api.admin, "/v1/changes") as everything:
        position = watched(phone, "episode:one")
        expected = changed(position, "episode:one", "season:s1", "show:s", "show_shelf:tv")
        assert on_tv.next() == expected
        assert everything.next() == expected


def test_what_was_told_can_be_read(api: Api) -> None:
    api.place_movies("a")
    tv = api.register("tv")
    with listening(tv, OF_TV) as stream:
        watched(tv)
        stream.next()
        assert tv.get("/v1/device-users/tv/items/movie:a").json()["watched"]


def test_a_silo_hears_nothing_of_the_others(api: Api) -> None:
    api.place_movies("a", "b")
    tv, phone = api.register("tv", isolation_mode="silo"), api.register("phone")
    with listening(tv, OF_TV) as stream:
        for _ in range(3):
            watched(phone)
        position = watched(tv, "movie:b")
        assert stream.next() == changed(position, "movie:b", "movie_shelf:m")


def test_what_changed_since_a_position_is_told_first(api: Api) -> None:
    begun = api.place_movies("a", "b")
    tv = api.register("tv")
    tv_is_there = watched(tv)
    watched(tv, "movie:b")
    last = watched(tv)
    tv.get("/v1/device-users/tv/items", params={"after": last}).raise_for_status()
    with listening(tv, f"{OF_TV}?since={begun}") as stream:
        assert stream.next() == changed(last, "movie:a", "movie_shelf:m", "movie:b", more=True)
        now = watched(tv)
        assert stream.next() == changed(now, "movie:a", "movie_shelf:m")
    with listening(tv, f"{OF_TV}?since={begun}", last_event_id=tv_is_there) as stream:
        assert stream.next() == changed(now, "movie:a", "movie_shelf:m", "movie:b")
    with listening(tv, OF_TV, last_event_id=now) as stream:
        position = watched(tv)
        assert stream.next().id == position


def test_whoever_missed_too_much_or_comes_from_elsewhere_begins_anew(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "PAGE_MAX", 3)
    api.place_movies("a")
    tv = api.register("tv")
    last = [watched(tv) for _ in range(4)][-1]
    api.admin.get("/v1/device-users", params={"after": last}).raise_for_status()
    for since in (0, last + 1_000):
        with listening(tv, f"{OF_TV}?since={since}") as stream:
            assert stream.next() == Event("reset", last, {"position": last})
        with listening(api.admin, "/v1/changes", last_event_id=since) as stream:
            assert stream.next() == Event("reset", last, {"position": last})


@pytest.mark.parametrize("given", ["x", "-1", "1.5"])
def test_a_position_that_is_none_is_refused_by_name(shared_api: Api, given: str) -> None:
    answer = shared_api.admin.get("/v1/changes", headers={"Last-Event-ID": given})
    assert problem(answer) == (400, "invalid_parameter")
    assert answer.json()["errors"][0]["parameter"] == "Last-Event-ID"
    answer = shared_api.admin.get("/v1/changes", params={"since": given})
    assert answer.json()["errors"][0]["parameter"] == "since"


def test_nobody_listens_for_a_device_user_that_is_not_there(shared_api: Api) -> None:
    answer = shared_api.admin.get("/v1/device-users/nobody/changes")
    assert problem(answer) == (404, "unknown_device_user")


@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_a_token_that_is_void_ends_its_streams_and_no_others(api: Api, method: str) -> None:
    api.place_movies("a")
    tv, phone = api.register("tv"), api.register("phone")
    with (
        listening(tv, OF_TV) as of_tv,
        listening(api.admin, OF_TV) as for_admin,
        listening(phone, "/v1/device-users/phone/changes") as of_phone,
    ):
        api.admin.request(method, "/v1/device-users/tv/token").raise_for_status()
        assert of_tv.has_ended()
        position = watched(phone)
        assert next(each for each in for_admin.events() if each.data["items"]).id == position
        assert next(each for each in of_phone.events() if each.data["items"]).id == position


def test_a_stream_shows_that_it_lives(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change_feed, "COMMENT_SECONDS", 0.05)
    with listening(api.admin, "/v1/changes") as stream:
        for _ in range(3):
            stream.next_comment()


def test_a_stream_that_is_idle_holds_no_connection_of_the_database(api: Api) -> None:
    pool = api.services.engine.pool
    with ExitStack() as open_streams:
        for _ in range(20):
            open_streams.enter_context(listening(api.admin, "/v1/changes"))
        held = []
        for _ in range(20):
            assert isinstance(pool, QueuePool)
            held.append(pool.checkedout())
            sleep(0.02)
    assert min(held) == 0


def test_a_device_has_so_many_streams_and_no_more(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change_feed, "_STREAMS_OF_A_DEVICE_MAX", 2)
    tv, phone = api.register("tv"), api.register("phone")
    with listening(tv, OF_TV):
        with listening(tv, OF_TV):
            answer = tv.get(OF_TV)
            assert problem(answer) == (503, "too_many_streams")
            assert answer.headers["Retry-After"]
            with listening(phone, "/v1/device-users/phone/changes"):
                pass
            assert tv.get("/v1/device-users/tv/watched").status_code == 200
        assert _opens_soon(tv)


def _opens_soon(client: httpx.Client) -> bool:
    """The server hears of an end a moment after it."""
    deadline = monotonic() + 5
    while monotonic() < deadline:
        with client.stream("GET", OF_TV) as answer:
            if answer.status_code == 200:
                return True
        sleep(0.02)
    return False


def test_the_head_of_a_stream_is_all_there_is(shared_api: Api) -> None:
    answer = shared_api.admin.head("/v1/changes")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["X-Accel-Buffering"] == "no"


def test_a_stream_is_logged_and_measured_when_it_begins(api: Api) -> None:
    with capture_logs() as logs:
        with listening(api.admin, "/v1/changes"):
            _wait_for(logs, "request")
            metrics = api.admin.get("/metrics").text
        _wait_for(logs, "stream ended")
    assert 'watchledger_http_requests_total{method="GET",route="/v1/changes",status="200"} 1.0' in (
        metrics
    )


def _wait_for(logs: Any, name: str) -> None:
    deadline = monotonic() + 5
    while not any(line["event"] == name and line["path"] == "/v1/changes" for line in logs):
        assert monotonic() < deadline, name
        sleep(0.01)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_an_end_is_not_held_up_by_streams(api: Api) -> None:
    with ExitStack() as open_streams:
        with served(api.services) as address:
            client = open_streams.enter_context(
                httpx.Client(base_url=address, headers=dict(api.admin.headers))
            )
            streams = [
                open_streams.enter_context(listening(client, "/v1/changes")) for _ in range(5)
            ]
            began_at = monotonic()
        assert monotonic() - began_at < 3
        assert all(stream.has_ended() for stream in streams)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_reader_that_takes_nothing_is_dropped_and_others_are_told(api: Api) -> None:
    episodes = [f"{number}{'x' * 100}" for number in range(400)]
    api.place_show(*episodes)
    tv = api.register("tv")
    token = tv.headers["Authorization"]
    with socket.socket() as slow, listening(tv, OF_TV) as quick:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(10)
        host, port = api.address.removeprefix("http://").split(":")
        slow.connect((host, int(port)))
        slow.sendall(f"GET {OF_TV} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\r\n".encode())
        assert slow.recv(200).startswith(b"HTTP/1.1 200")
        told = 0
        for number in range(200):
            kind = "watch" if number % 2 else "unwatch"
            [result] = send(tv, event("season:s1", kind))
            assert quick.next().id == result["position"]
            told += 1
        taken = _all_of(slow)
    assert taken.count(b"event: changed") < told
    assert f"id: {result['position']}\n".encode() not in taken


def _all_of(connection: socket.socket) -> bytes:
    """What still comes until the other side has hung up."""
    received = b""
    try:
        while chunk := connection.recv(65536):
            received += chunk
    except ConnectionResetError:
        pass
    return received

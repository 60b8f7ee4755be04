"""What callers may do at most: how often they call, from where, and what they are told."""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from infrastructure.bootstrap import opened
from infrastructure.commands.authentication import Caller
from infrastructure.http.server.limits import BURST_SECONDS, Buckets, Limits
from infrastructure.settings.settings import load_settings
from tests.helpers.api import Api, event, problem, send, served
from tests.helpers.media_servers import deliver, plex, post

Serve = Callable[..., Api]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Serves with settings of the test's own, on SQLite."""
    with ExitStack() as stack:

        def start(**settings: Any) -> Api:
            given = {"data_dir": tmp_path, "admin_token": "the-admin", "sqlite_synchronous": "OFF"}
            services = stack.enter_context(opened(load_settings({**given, **settings})))
            stack.enter_context(capture_logs())
            api = Api(stack.enter_context(served(services)), "the-admin", services)
            stack.callback(api.close)
            return api

        yield start


def watched(api: Api, client: httpx.Client, cduid: str = "tv", **headers: str) -> int:
    """The status of a read, which waits until all is projected."""
    after = {"after": api.services.ledger.head().position}
    path = f"/v1/device-users/{cduid}/watched"
    return client.get(path, params=after, headers=headers).status_code


def test_a_device_that_calls_too_often_is_told_when_to_come_again(serve: Serve) -> None:
    api = serve(requests_per_second=0.5)
    tv = api.register("tv")
    for _ in range(5):
        send(tv, event())
    answer = tv.post("/v1/events", json={"events": [event()]})
    assert problem(answer) == (429, "too_many_requests")
    assert 1 <= int(answer.headers["Retry-After"]) <= 2


def test_one_device_that_calls_too_often_holds_back_no_other(serve: Serve) -> None:
    api = serve(requests_per_second=0.1)
    tv, phone = api.register("tv"), api.register("phone")
    assert [watched(api, tv) for _ in range(2)] == [200, 429]
    assert watched(api, phone, "phone") == 200


def test_a_token_is_one_however_its_scheme_is_written(serve: Serve) -> None:
    api = serve(requests_per_second=0.1)
    token = api.register("tv").headers["Authorization"].removeprefix("Bearer ")
    schemes = ["Bearer", "bearer", "BEARER", "Bearer "]
    statuses = [watched(api, api.nobody, Authorization=f"{each} {token}") for each in schemes]
    assert statuses == [200, 429, 429, 429]


@pytest.mark.parametrize(
    "written",
    [
        "Bearer\t{}",
        "Bearer \t{}",
        "Bearer \xa0{}",
        "Bearer {}\xa0",
        "Bearer \x85{}",
        "Bearer {}\x85",
        "Bearer\xa0{}",
        "Bearer {} {}",
        "Bearer x {}",
        "Bearer {}, Bearer {}",
        "Bearer {}é",
    ],
)
def test_a_token_is_taken_in_one_way_so_no_other_spelling_has_a_bucket(
    serve: Serve, written: str
) -> None:
    api = serve(requests_per_second=0.1)
    token = api.register("tv").headers["Authorization"].removeprefix("Bearer ")
    header = written.format(token, token).encode("latin-1")

    def statuses(authorization: bytes) -> list[int]:
        headers = {b"Authorization": authorization}
        path = "/v1/device-users/tv/watched"
        return [api.nobody.get(path, headers=headers).status_code for _ in range(3)]

    assert statuses(f"Bearer {token}".encode())[1:] == [429, 429]
    assert set(statuses(header)) <= {401, 429}


def test_a_new_token_is_measured_as_the_old_one_was(serve: Serve) -> None:
    api = serve(requests_per_second=0.2)
    tv = api.register("tv")
    assert [watched(api, tv) for _ in range(3)] == [200, 200, 429]
    token = api.admin.post("/v1/device-users/tv/token").json()["token"]
    assert watched(api, api.client(token)) == 429


@pytest.mark.parametrize("path", ["/v1/history", "/readyz", "/openapi.json"])
def test_two_headers_of_authorization_are_refused(serve: Serve, path: str) -> None:
    api = serve()
    twice = [("Authorization", "Bearer the-admin"), ("Authorization", "Bearer the-admin")]
    assert problem(api.nobody.get(path, headers=twice)) == (400, "authorization_repeated")


def test_guesses_that_come_at_once_are_as_few_as_one_after_the_other(serve: Serve) -> None:
    api = serve(stranger_requests_per_second=0.5)
    with ThreadPoolExecutor(20) as pool:
        guess = {"Authorization": "Bearer tv.guess"}
        asked = [
            pool.submit(api.nobody.get, path, headers=guess)
            for path in ("/v1/history", "/readyz") * 20
        ]
        statuses = Counter(each.result().status_code for each in asked)
    assert statuses[429] >= 34
    assert statuses[200] + statuses[401] + statuses[429] == 40


def test_who_has_a_valid_token_is_let_in_whatever_its_address_did_before(serve: Serve) -> None:
    api = serve(stranger_requests_per_second=0.5)
    tv, phone = api.register("tv"), api.register("phone")
    send(tv, event())
    for _ in range(10):
        api.client("tv.guess").get("/v1/history")
    assert problem(api.nobody.get("/readyz")) == (429, "too_many_requests")
    assert api.admin.get("/v1/history").status_code == 200
    assert [watched(api, tv), watched(api, phone, "phone")] == [200, 200]
    assert api.admin.get("/readyz").status_code == 200


def test_strangers_are_held_back_and_known_tokens_of_their_address_are_not(serve: Serve) -> None:
    api = serve(stranger_requests_per_second=0.5)
    tv = api.register("tv")
    send(tv, event())
    guesses = [api.client(f"tv.guess-{number}").get("/v1/history") for number in range(7)]
    assert [each.status_code for each in guesses] == [401] * 5 + [429] * 2
    assert problem(api.nobody.get("/readyz")) == (429, "too_many_requests")
    send(tv, event())
    assert api.nobody.get("/healthz").status_code == 200


def test_a_token_that_was_revoked_is_a_strangers_again(serve: Serve) -> None:
    api = serve(stranger_requests_per_second=0.2)
    tv = api.register("tv")
    send(tv, event())
    api.admin.delete("/v1/device-users/tv/token")
    statuses = [watched(api, tv) for _ in range(4)]
    assert statuses == [401, 401, 429, 429]


def test_a_known_token_is_measured_by_itself_where_none_is_asked_for(serve: Serve) -> None:
    api = serve(stranger_requests_per_second=0.1)
    tv = api.register("tv")
    send(tv, event())
    assert [tv.get("/readyz").status_code for _ in range(3)] == [200] * 3
    assert api.nobody.get("/readyz").status_code == 200
    send(tv, event())


def hook_of(api: Api) -> str:
    body = {"kind": "plex", "accounts": {"1": "ada"}}
    return str(api.admin.put("/v1/sources/plex", json=body).json()["hook"])


def test_whoever_guesses_a_hooks_secret_is_a_stranger_and_the_server_is_none(serve: Serve) -> None:
    api = serve(stranger_requests_per_second=0.5)
    hook = hook_of(api)
    deliver(api.nobody, hook, plex("media.rate"))
    guesses = [api.nobody.post(f"/in/plex/guess-{number}") for number in range(7)]
    assert [each.status_code for each in guesses] == [404] * 5 + [429] * 2
    assert problem(api.nobody.get("/readyz")) == (429, "too_many_requests")
    deliver(api.nobody, hook, plex("media.rate"))


def test_a_hook_has_a_limit_of_its_own(serve: Serve) -> None:
    api = serve(hook_requests_per_second=0.3, stranger_requests_per_second=0.1)
    hook = hook_of(api)
    found = [post(api.nobody, hook, plex("media.rate")).status_code for _ in range(5)]
    assert found == [200, 200, 200, 429, 429]


def test_a_void_secret_is_a_strangers_again(serve: Serve) -> None:
    api = serve(stranger_requests_per_second=0.2)
    hook = hook_of(api)
    deliver(api.nobody, hook, plex("media.rate"))
    api.admin.post("/v1/sources/plex/secret")
    found = [post(api.nobody, hook, plex("media.rate")).status_code for _ in range(4)]
    assert found == [404, 404, 429, 429]


def test_without_limits_nobody_is_held_back(serve: Serve) -> None:
    api = serve(requests_per_second=0, stranger_requests_per_second=0)
    tv = api.register("tv")
    assert {watched(api, tv) for _ in range(50)} == {200}


def test_a_bucket_fills_as_time_goes_by() -> None:
    now = 100.0
    buckets = Buckets(2, lambda: now)
    most = int(2 * BURST_SECONDS)
    assert [buckets.take("a") for _ in range(most)] == [0.0] * most
    assert buckets.take("a") == pytest.approx(0.5)
    now += 0.5
    assert buckets.take("a") == 0.0
    assert buckets.take("a") > 0
    assert buckets.take("b") == 0.0


@pytest.mark.parametrize("per_second", [0.1, 0.0999, 0.05, 1 / 3600])
@pytest.mark.parametrize("started_at", [0.0, 100.0, 12_345.678, 98_765.4321])
def test_a_bucket_holds_one_however_slowly_it_fills(per_second: float, started_at: float) -> None:
    now = started_at
    buckets = Buckets(per_second, lambda: now)
    assert buckets.take("a") == 0.0
    assert buckets.take("a") == pytest.approx(1 / per_second)
    now += 1 / per_second + 0.001
    assert buckets.take("a") == 0.0
    assert buckets.take("a") > 0


def test_a_limit_of_less_than_one_in_ten_seconds_lets_tokens_in_all_the_same(serve: Serve) -> None:
    api = serve(requests_per_second=0.02, stranger_requests_per_second=0.02)
    tv = api.register("tv")
    assert [watched(api, tv) for _ in range(2)] == [200, 429]
    assert [api.nobody.get("/readyz").status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize(
    ("one", "other", "is_shared"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "", True),
    ],
)
def test_an_address_of_ipv6_is_its_network(one: str, other: str, is_shared: bool) -> None:
    limits = Limits(devices=1, admin=1, strangers=0.1, now=lambda: 0.0)
    assert limits.admit(None, one) == 0
    assert (limits.admit(None, other) > 0) is is_shared


def test_a_stranger_pays_when_it_is_let_in_and_gets_it_back_when_it_is_known() -> None:
    limits = Limits(devices=0.5, admin=1, strangers=0.1, now=lambda: 0.0)
    tv = Caller("tv")
    for _ in range(5):
        assert limits.admit(None, "192.0.2.1") == 0
        limits.vouched(tv, "192.0.2.1")
    assert limits.admit(tv, "192.0.2.1") > 0
    assert limits.admit(None, "192.0.2.1") == 0
    assert limits.admit(None, "192.0.2.1") > 0


def test_who_was_known_and_is_refused_pays_as_a_stranger() -> None:
    limits = Limits(devices=100, admin=1, strangers=0.1, now=lambda: 0.0)
    assert limits.admit(Caller("tv"), "192.0.2.1") == 0
    limits.refused("192.0.2.1")
    assert limits.admit(None, "192.0.2.1") > 0


def test_pages_of_other_origins_may_not_call_unless_the_settings_say_so(serve: Serve) -> None:
    asked = {"Origin": "https://player.example", "Access-Control-Request-Method": "GET"}
    closed = serve().nobody.options("/v1/history", headers=asked)
    assert closed.status_code == 405
    assert "access-control-allow-origin" not in closed.headers


def test_pages_of_the_settings_origins_may_call_and_read_how_far_they_are(serve: Serve) -> None:
    api = serve(cors_origins="https://player.example, https://tv.example")
    asked = {
        "Origin": "https://player.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    allowed = api.nobody.options("/v1/events", headers=asked)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == "https://player.example"
    other = api.nobody.options("/v1/events", headers={**asked, "Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers
    answer = api.nobody.get("/v1/history", headers={"Origin": "https://tv.example"})
    assert problem(answer) == (401, "token_missing")
    assert answer.headers["access-control-allow-origin"] == "https://tv.example"
    assert "Watchledger-Position" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("path", ["/healthz", "/v1/history", "/nowhere", "/openapi.json", "/docs"])
def test_every_answer_carries_safe_headers(shared_api: Api, path: str) -> None:
    headers = shared_api.admin.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "server" not in headers

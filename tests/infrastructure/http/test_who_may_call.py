"""Who reaches what: the admin everything, a device its own cduid, and nobody else anything."""

from hashlib import sha256
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from infrastructure.database.engine import read_transaction
from infrastructure.http.app import make_app
from tests.helpers.api import Api, event, problem, send

OPEN = {"/healthz", "/readyz", "/openapi.json", "/docs", "/in/{source}/{secret}"}
"""What no token is asked for; of the last the secret stands in the path (`test_sources.py`)."""


DEVICES = {
    "/v1/events",
    ("PATCH", "/v1/device-users/{cduid}"),
    "/v1/device-users/{cduid}/items",
    "/v1/device-users/{cduid}/items/{item}",
    "/v1/device-users/{cduid}/items/{item}/why",
    "/v1/device-users/{cduid}/watched",
    "/v1/device-users/{cduid}/watch-through",
    "/v1/device-users/{cduid}/in-progress",
    "/v1/device-users/{cduid}/next-up",
    "/v1/device-users/{cduid}/dismissed",
    "/v1/device-users/{cduid}/plays",
    "/v1/device-users/{cduid}/stats",
    "/v1/device-users/{cduid}/history",
    "/v1/device-users/{cduid}/changes",
    "/v1/device-users/{cduid}/now-playing",
}
"""What a device may call, for its own cduid."""


def described(api: Api) -> dict[str, dict[str, Any]]:
    paths: dict[str, dict[str, Any]] = make_app(api.services).openapi()["paths"]
    return paths


def operations(api: Api) -> list[tuple[str, str]]:
    """Every method and path that the API has."""
    return [
        (method.upper(), path)
        for path, methods in described(api).items()
        for method in methods
        if path not in OPEN
    ]


def call(client: httpx.Client, method: str, path: str, cduid: str = "tv") -> httpx.Response:
    return ask(client, method, filled(path, cduid))


def filled(path: str, cduid: str = "tv") -> str:
    return path.format(cduid=cduid, item="movie:a", user="ann", source="plex", secret="s")


def ask(client: httpx.Client, method: str, path: str, **fields: Any) -> httpx.Response:
    """The answer, whole unless it is a stream, which would never be."""
    with client.stream(method, path, **fields) as answer:
        if not answer.headers.get("content-type", "").startswith("text/event-stream"):
            answer.read()
    return answer


def test_nothing_is_answered_without_a_token(shared_api: Api) -> None:
    for method, path in operations(shared_api):
        answer = call(shared_api.nobody, method, path)
        assert problem(answer) == (401, "token_missing"), path
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_stranger_is_not_waited_for(shared_api: Api) -> None:
    for method, path in operations(shared_api):
        asked = f"{path}?after=1000000&wait_seconds=0"
        assert problem(call(shared_api.nobody, method, asked)) == (401, "token_missing"), path


@pytest.mark.parametrize("token", ["wrong", "tv.wrong", "nobody.secret", ".", "the-admin2"])
def test_nothing_is_answered_to_a_wrong_token(shared_api: Api, token: str) -> None:
    client = shared_api.client(token)
    for method, path in operations(shared_api):
        assert problem(call(client, method, path)) == (401, "token_unknown"), path


def test_whoever_may_not_get_is_refused_the_head_likewise(
    shared_api: Api, tv: httpx.Client
) -> None:
    shared_api.register("tablet")
    callers = (shared_api.nobody, shared_api.client("wrong"), tv)
    for path in (path for method, path in operations(shared_api) if method == "GET"):
        for client, expected in zip(callers, ({401}, {401}, {403, 404}), strict=True):
            got, asked = (call(client, method, path, "tablet") for method in ("GET", "HEAD"))
            assert got.status_code in expected, path
            assert (asked.status_code, asked.content) == (got.status_code, b""), path
            assert asked.headers.get("WWW-Authenticate") == got.headers.get("WWW-Authenticate")


def test_any_other_cduid_is_not_there_for_a_device(shared_api: Api, tv: httpx.Client) -> None:
    shared_api.register("phone")
    for method, path in operations(shared_api):
        if "{cduid}" in path:
            for cduid in ("phone", "nobody"):
                answer = call(tv, method, path, cduid)
                assert problem(answer) == (404, "unknown_device_user"), path


def test_what_is_not_said_to_be_a_devices_is_the_admins(shared_api: Api, tv: httpx.Client) -> None:
    """So a new route is the admin's until somebody decides otherwise, here."""
    for method, path in operations(shared_api):
        is_devices = path in DEVICES or (method, path) in DEVICES
        if not is_devices:
            assert problem(call(tv, method, path)) == (403, "admin_only"), path
        else:
            assert call(tv, method, path).status_code != 403, path


def test_what_the_description_says_is_the_admins_is(shared_api: Api) -> None:
    for path, operations_ in described(shared_api).items():
        for method, operation in operations_.items():
            is_devices = path in DEVICES or (method.upper(), path) in DEVICES
            assert ("403" in operation["responses"]) is not (is_devices or path in OPEN), path


def test_the_scheme_is_bearer_in_any_case(shared_api: Api, tv: httpx.Client) -> None:
    token = tv.headers["Authorization"].removeprefix("Bearer ")
    for header, status in ((f"bearer {token}", 400), (f"Basic {token}", 401), (token, 401)):
        answer = shared_api.nobody.post("/v1/events", headers={"Authorization": header})
        assert answer.status_code == status


def test_a_revoked_token_no_longer_works(api: Api) -> None:
    tv = api.register("tv")
    assert api.admin.delete("/v1/device-users/tv/token").status_code == 200
    assert problem(tv.post("/v1/events", json={"events": [event()]})) == (401, "token_unknown")


def test_a_rotated_token_takes_the_place_of_the_old_one(api: Api) -> None:
    old = api.register("tv")
    answer = api.admin.post("/v1/device-users/tv/token")
    assert problem(old.post("/v1/events", json={"events": [event()]})) == (401, "token_unknown")
    [result] = send(api.client(answer.json()["token"]), event())
    assert result["status"] == "recorded"


def test_a_cduid_may_hold_dots(api: Api) -> None:
    [result] = send(api.register("living.room.tv"), event())
    assert result["status"] == "recorded"


def test_tokens_are_in_no_answer_log_or_history_but_the_one_that_tells_them(api: Api) -> None:
    with capture_logs() as logs:
        tv = api.register("tv")
        token = tv.headers["Authorization"].removeprefix("Bearer ")
        position = send(tv, event())[0]["position"]
        found = api.admin.get("/v1/history", params={"after": position})
        listed = api.admin.get("/v1/device-users")
    assert any(line.get("caller") == "tv" for line in logs)
    secret = token.removeprefix("tv.")
    hashed = api.services.ledger.read(0, 10)[1].event.model_dump()["token_sha256"]
    for text in (str(logs), found.text, listed.text):
        assert secret not in text
        assert hashed not in text
        assert "the-admin" not in text


@pytest.mark.parametrize("backend", ["sqlite"])
def test_no_token_is_logged_whichever_route_it_is_sent_to_and_however(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    tv = api.register("tv")
    token = tv.headers["Authorization"].removeprefix("Bearer ")
    clients = [tv, api.admin, api.client("tv.wrong-token")]
    caplog.set_level("DEBUG")
    with capture_logs() as logs:
        for method, path in [*operations(api), *(("GET", path) for path in OPEN)]:
            for client in clients:
                call(client, method, path)
                body = {"token": token, "events": [token]}
                ask(client, method, filled(path), params={"token": token}, json=body)
    assert len(logs) > len(clients) * len(operations(api))
    ours = [each.getMessage() for each in caplog.records if not each.name.startswith("http")]
    for text in (str(logs), *ours):
        assert token.removeprefix("tv.") not in text
        assert "wrong-token" not in text
        assert "the-admin" not in text


def test_the_admin_is_no_cduid_in_the_log(api: Api) -> None:
    with capture_logs() as logs:
        api.register("admin").get("/v1/device-users/admin/watched")
        api.admin.get("/v1/device-users")
    assert {line.get("caller") for line in logs} == {"admin", "(admin)"}


def test_an_admins_token_is_compared_as_a_hash_and_a_devices_is_stored_as_one(api: Api) -> None:
    token = api.register("tv").headers["Authorization"].removeprefix("Bearer ")
    rows = read_everything(api)
    assert sha256(token.encode()).hexdigest() in rows
    assert token not in rows
    assert token.removeprefix("tv.") not in rows


def read_everything(api: Api) -> str:
    """The whole ledger as it is stored."""
    with read_transaction(api.services.engine) as connection:
        rows = connection.exec_driver_sql("SELECT state FROM ledger_event").scalars()
        return "\n".join(bytes(each).decode() for each in rows)

"""Who reaches what: the admin everything, a device its own cduid, and nobody else anything."""

from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from infrastructure.http.app import make_app
from tests.infrastructure.http.api import Api, event, problem, send

OPEN = {"/healthz", "/readyz", "/openapi.json", "/docs"}


def operations(api: Api) -> list[tuple[str, str]]:
    """Every method and path that the API has."""
    paths: dict[str, dict[str, Any]] = make_app(api.services).openapi()["paths"]
    return [
        (method.upper(), path)
        for path, methods in paths.items()
        for method in methods
        if path not in OPEN
    ]


def call(client: httpx.Client, method: str, path: str, cduid: str = "tv") -> httpx.Response:
    filled = path.format(cduid=cduid, item="movie:a", user="ann")
    return client.request(method, filled)


def test_nothing_is_answered_without_a_token(shared_api: Api) -> None:
    for method, path in operations(shared_api):
        answer = call(shared_api.nobody, method, path)
        assert problem(answer) == (401, "token_missing"), path
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("token", ["wrong", "tv.wrong", "nobody.secret", ".", "the-admin2"])
def test_nothing_is_answered_to_a_wrong_token(shared_api: Api, token: str) -> None:
    client = shared_api.client(token)
    for method, path in operations(shared_api):
        assert problem(call(client, method, path)) == (401, "token_unknown"), path


def test_any_other_cduid_is_not_there_for_a_device(shared_api: Api, tv: httpx.Client) -> None:
    shared_api.register("phone")
    for method, path in operations(shared_api):
        if "{cduid}" in path:
            for cduid in ("phone", "nobody"):
                answer = call(tv, method, path, cduid)
                assert problem(answer) == (404, "unknown_device_user"), path


def test_what_is_the_admins_is_not_for_devices(tv: httpx.Client) -> None:
    admins = [
        ("POST", "/v1/catalog/items"),
        ("DELETE", "/v1/catalog/items/movie:a"),
        ("POST", "/v1/catalog/items/movie:a/restore"),
        ("GET", "/v1/catalog/items"),
        ("PUT", "/v1/device-users/tv"),
        ("POST", "/v1/device-users/tv/token"),
        ("DELETE", "/v1/device-users/tv/token"),
        ("GET", "/v1/device-users"),
        ("PUT", "/v1/users/ann/access"),
        ("GET", "/v1/history"),
    ]
    for method, path in admins:
        assert problem(tv.request(method, path)) == (403, "admin_only"), path


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

"""Codes, PINs, tokens: who may speak Trakt's API, for whom, and for how long."""

from typing import Any

import pytest
from sqlalchemy import text

from infrastructure.database.engine import read_transaction, write_transaction
from infrastructure.trakt.tokens import LIFE_SECONDS
from tests.helpers.api import Api
from tests.infrastructure.http.trakt.conftest import CLIENT, tokens_of


def asked(api: Api) -> dict[str, Any]:
    found: dict[str, Any] = api.nobody.post("/trakt/oauth/device/code", json=CLIENT).json()
    return found


def polled(api: Api, code: str, **fields: Any) -> int:
    body = {**CLIENT, "code": code, **fields}
    return api.nobody.post("/trakt/oauth/device/token", json=body).status_code


def settings(api: Api, token: str) -> int:
    return api.client(token).get("/trakt/users/settings").status_code


def age(api: Api, table: str) -> None:
    with write_transaction(api.services.engine) as connection:
        connection.execute(text(f"UPDATE {table} SET expires_at_us = 1"))  # noqa: S608


def test_a_code_is_pending_until_it_is_approved_and_then_taken_once(api: Api) -> None:
    code = asked(api)
    assert polled(api, code["device_code"]) == 400
    body = {"code": code["user_code"].lower(), "user": "ann"}
    assert api.admin.post("/v1/trakt/authorizations", json=body).status_code == 200
    assert polled(api, code["device_code"]) == 200
    assert polled(api, code["device_code"]) == 409
    assert api.admin.post("/v1/trakt/authorizations", json=body).status_code == 404


def test_who_polls_too_fast_is_told_so(api: Api) -> None:
    code = asked(api)["device_code"]
    assert [polled(api, code), polled(api, code)] == [400, 429]


def test_a_code_that_is_unknown_or_anothers_or_too_old_or_denied_is_told_apart(api: Api) -> None:
    code = asked(api)
    assert polled(api, "no-such-code") == 404
    assert polled(api, code["user_code"]) == 404
    assert polled(api, code["device_code"], client_id="another") == 404
    denied = asked(api)
    body = {"code": denied["user_code"], "user": None}
    assert api.admin.post("/v1/trakt/authorizations", json=body).status_code == 200
    assert polled(api, denied["device_code"]) == 418
    age(api, "trakt_code")
    assert polled(api, code["device_code"]) == 410


def test_only_the_admin_approves(api: Api) -> None:
    tv = api.register("tv")
    body = {"code": asked(api)["user_code"], "user": "ann"}
    assert tv.post("/v1/trakt/authorizations", json=body).status_code == 403
    assert api.nobody.post("/v1/trakt/authorizations", json=body).status_code == 401


def test_a_pin_works_once(api: Api) -> None:
    pin = api.services.trakt.codes.pin("ann")
    body = {**CLIENT, "grant_type": "authorization_code", "code": pin}
    assert polled(api, pin) == 404
    token = api.nobody.post("/trakt/oauth/token", json=body)
    assert settings(api, token.json()["access_token"]) == 200
    again = api.nobody.post("/trakt/oauth/token", json=body)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_grant")


def test_a_refresh_token_works_once_and_voids_the_token_before(api: Api) -> None:
    old = tokens_of(api)
    assert old["expires_in"] == LIFE_SECONDS
    body = {**CLIENT, "grant_type": "refresh_token", "refresh_token": old["refresh_token"]}
    assert api.nobody.post("/trakt/oauth/token", json={**body, "client_id": "x"}).status_code == 401
    new = api.nobody.post("/trakt/oauth/token", json=body).json()
    assert api.nobody.post("/trakt/oauth/token", json=body).status_code == 401
    assert settings(api, old["access_token"]) == 401
    assert settings(api, new["access_token"]) == 200


def test_revoking_counts_at_once(api: Api) -> None:
    token = tokens_of(api)
    body = {**CLIENT, "token": token["access_token"]}
    assert api.nobody.post("/trakt/oauth/revoke", json=body).status_code == 200
    assert settings(api, token["access_token"]) == 401
    refresh = {**CLIENT, "grant_type": "refresh_token", "refresh_token": token["refresh_token"]}
    assert api.nobody.post("/trakt/oauth/token", json=refresh).status_code == 401
    assert api.nobody.post("/trakt/oauth/revoke", json=body).status_code == 200


def test_an_old_token_and_one_that_is_no_clients_are_refused(api: Api) -> None:
    token = tokens_of(api)["access_token"]
    assert api.register("tv").get("/trakt/users/settings").status_code == 401
    assert api.admin.get("/trakt/users/settings").status_code == 401
    assert api.nobody.get("/trakt/users/settings").status_code == 401
    age(api, "trakt_token")
    assert settings(api, token) == 401


def test_erasing_a_user_takes_codes_and_tokens_along(api: Api) -> None:
    tokens_of(api, "bob")
    token = tokens_of(api, "ann")["access_token"]
    assert api.admin.delete("/v1/users/ann", params={"confirm": "ann"}).status_code == 200
    assert settings(api, token) == 401
    with read_transaction(api.services.engine) as connection:
        for table in ("trakt_code", "trakt_token"):
            users = connection.scalars(text(f'SELECT "user" FROM {table}')).all()  # noqa: S608
            assert users == ["bob"]


def test_no_code_and_no_token_is_in_the_database(api: Api) -> None:
    token = tokens_of(api)
    with read_transaction(api.services.engine) as connection:
        rows = [
            repr(connection.execute(text(f"SELECT * FROM {table}")).all())  # noqa: S608
            for table in ("trakt_code", "trakt_token", "ledger_event")
        ]
    for secret in (token["access_token"], token["refresh_token"]):
        assert not any(secret in row for row in rows)


@pytest.mark.parametrize("path", ["//oauth/device/code", "/trakt//oauth//device/code/"])
def test_slashes_and_host_names_lead_to_the_same(api: Api, path: str) -> None:
    headers = {"Host": "api.trakt.tv:443"}
    assert api.nobody.post(f"{api.address}{path}", json=CLIENT, headers=headers).status_code == 200


@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (b"[]", 422), (b"", 422)])
def test_a_body_that_is_none_is_refused_in_trakts_way(api: Api, body: bytes, status: int) -> None:
    answer = api.nobody.post("/trakt/oauth/device/code", content=body)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["error"]

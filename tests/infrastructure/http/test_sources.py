"""Sources over HTTP: they are set up, their addresses told once, changed and removed."""

from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from tests.helpers.api import Api, problem
from tests.helpers.media_servers import deliver, plex, post

SOURCE = "/v1/sources/plex"


def put(api: Api, **fields: Any) -> httpx.Response:
    return api.admin.put(SOURCE, json={"kind": "plex", **fields})


def hook_of(api: Api, **fields: Any) -> str:
    answer = put(api, **fields)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["hook"])


def test_the_address_is_told_once(api: Api) -> None:
    hook = hook_of(api, accounts={"1": "ada"})
    assert hook.startswith("/in/plex/")
    assert len(hook.removeprefix("/in/plex/")) == 43
    again = put(api, accounts={"1": "ada"})
    assert again.status_code == 200
    assert "hook" not in again.json()


def test_a_source_is_shown_as_it_was_set_and_without_its_secret(api: Api) -> None:
    given = {"unknown_accounts": "create", "shelves": {"Films": "movie_shelf:f"}, "places": False}
    hook = hook_of(api, accounts={"1": "ada"}, isolation_mode="quiet", **given)
    deliver(api.nobody, hook, plex("media.rate"))
    shown = api.admin.get(SOURCE)
    assert hook.removeprefix("/in/plex/") not in shown.text
    last = shown.json().pop("last")
    assert (last["status"], last["event"]) == ("ignored", "media.rate")
    assert {name: value for name, value in shown.json().items() if name != "last"} == {
        "source": "plex",
        "kind": "plex",
        "accounts": {"1": "ada"},
        "account_names": {},
        "isolation_mode": "quiet",
        "held": 0,
        "failed": 0,
        **given,
    }
    assert api.admin.get("/v1/sources").json()["items"] == [shown.json()]


def test_what_is_left_out_stays(api: Api) -> None:
    hook_of(api, accounts={"1": "ada", "2": "ben"}, places=False)
    put(api, accounts={"2": None, "3": "cleo"})
    shown = api.admin.get(SOURCE).json()
    assert shown["accounts"] == {"1": "ada", "3": "cleo"}
    assert shown["places"] is False


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "vlc"},
        {"kind": "plex", "accounts": {"": "ada"}},
        {"kind": "plex", "accounts": {"1": "a b"}},
        {"kind": "plex", "shelves": {"Films": "movie:f"}},
        {"kind": "plex", "unknown_accounts": "guess"},
        {"kind": "plex", "secret": "x"},
    ],
)
def test_what_makes_no_sense_is_refused(shared_api: Api, body: dict[str, Any]) -> None:
    answer = shared_api.admin.put(SOURCE, json=body)
    assert problem(answer) == (400, "invalid_body")


@pytest.mark.parametrize("name", ["a.b", "-a", "a" * 33, "ä"])
def test_a_sources_name_has_no_dot_and_is_short(shared_api: Api, name: str) -> None:
    answer = shared_api.admin.put(f"/v1/sources/{name}", json={"kind": "plex"})
    assert problem(answer) == (400, "invalid_parameter")


def test_the_kind_stays(api: Api) -> None:
    hook_of(api)
    answer = api.admin.put(SOURCE, json={"kind": "emby"})
    assert problem(answer) == (409, "source_differs")


def test_an_unknown_source_is_told_as_such(shared_api: Api) -> None:
    admin = shared_api.admin
    for answer in (
        admin.get("/v1/sources/no"),
        admin.delete("/v1/sources/no"),
        admin.post("/v1/sources/no/secret"),
        admin.get("/v1/sources/no/deliveries"),
        admin.post("/v1/sources/no/deliveries/retry", json={}),
    ):
        assert problem(answer) == (404, "unknown_source")


@pytest.mark.parametrize(
    "hook", ["/in/plex/wrong", "/in/plex/", "/in/nothing/wrong", "/in/pl.ex/wrong", "/in/plex"]
)
def test_to_whoever_has_no_secret_nothing_is_there(api: Api, hook: str) -> None:
    hook_of(api)
    assert problem(post(api.nobody, hook, plex("media.play"))) == (404, "not_found")
    assert problem(post(api.admin, hook, plex("media.play"))) == (404, "not_found")


def test_a_new_secret_makes_the_old_one_void(api: Api) -> None:
    old = hook_of(api, accounts={"1": "ada"})
    deliver(api.nobody, old, plex("media.play", offset_seconds=0))
    new = api.admin.post(f"{SOURCE}/secret").json()["hook"]
    assert problem(post(api.nobody, old, plex("media.pause"))) == (404, "not_found")
    paused = plex("media.pause", offset_seconds=900)
    assert deliver(api.nobody, new, paused)["status"] == "taken"


def test_a_removed_source_takes_nothing_and_what_it_told_stays(api: Api) -> None:
    hook = hook_of(api, accounts={"1": "ada"})
    deliver(api.nobody, hook, plex("media.scrobble"))
    position = api.admin.delete(SOURCE).json()["position"]
    assert problem(post(api.nobody, hook, plex("media.scrobble"))) == (404, "not_found")
    assert problem(api.admin.get(SOURCE)) == (404, "unknown_source")
    plays = api.admin.get("/v1/device-users/plex.1.tv-1/plays", params={"after": position})
    assert len(plays.json()["plays"]) == 1
    assert hook_of(api) != hook
    assert api.admin.get(SOURCE).json()["accounts"] == {}


def test_the_secret_is_in_no_log_no_metric_no_history_and_no_row(api: Api) -> None:
    with capture_logs() as logs:
        hook = hook_of(api, accounts={"1": "ada"})
        secret = hook.removeprefix("/in/plex/")
        deliver(api.nobody, hook, plex("media.scrobble"))
        for wrong in (f"{hook}/", f"/ledger{hook}", f"/plex/{secret}", f"/in/Plex/{secret}"):
            api.nobody.post(wrong)
            api.nobody.get(wrong)
    paths = {line["path"] for line in logs if "path" in line}
    assert "/in/{source}/{secret}" in paths
    assert {line.get("caller") for line in logs if line.get("status") == 200} >= {"source:plex"}
    metrics = api.admin.get("/metrics").text
    history = api.admin.get("/v1/history").text
    assert 'watchledger_deliveries_total{source="plex",status="taken"} 1.0' in metrics
    assert "source_secret_issued" in history
    for text in (str(logs), metrics, history, api.admin.get("/v1/sources").text):
        assert secret not in text
    hashed = api.services.sources.named("plex").secret_sha256
    assert hashed
    assert hashed not in history

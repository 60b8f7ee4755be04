"""Who watched along is named with the event, and it is recorded for each (rule 29)."""

from typing import Any

import pytest

from tests.helpers.api import Api, event, send


@pytest.fixture
def den(api: Api) -> Api:
    """Ann, bob and cat on one device."""
    for user in ("ann", "bob", "cat"):
        api.register(user, user=user, device="den")
    api.place_show("e1", "e2")
    return api


def along(*names: str, item: str = "episode:e1", **fields: Any) -> dict[str, Any]:
    company: dict[str, Any] = {"with": list(names)}
    return event(item, cduid="ann", **company, **fields)


def said(api: Api, cduid: str, after: int) -> list[tuple[str, list[str] | None]]:
    """What stands in a history, newest first: the id of each watch, and with whom."""
    params: dict[str, str | int] = {"type": "watch", "after": after}
    answer = api.admin.get(f"/v1/device-users/{cduid}/history", params=params).json()
    return [(each["id"], each.get("with")) for each in answer["events"]]


def test_one_event_is_recorded_for_each_under_the_same_id(den: Api) -> None:
    sent = along("bob", "cat")
    [result] = send(den.admin, sent)
    first = result["position"]
    assert result["status"] == "recorded"
    assert result["positions"] == [first, first + 1, first + 2]
    for cduid, company in {"ann": ["bob", "cat"], "bob": ["ann", "cat"]}.items():
        assert said(den, cduid, first + 2) == [(sent["id"], company)]
    for cduid in ("ann", "bob", "cat"):
        shown = den.admin.get(f"/v1/device-users/{cduid}/items/episode:e1").json()
        assert (shown["watched"], shown["plays"]) == (True, 1)


def test_a_retry_is_a_duplicate_for_each(den: Api) -> None:
    sent = along("bob")
    [first] = send(den.admin, sent)
    [again] = send(den.admin, sent)
    assert again == {**first, "status": "duplicate"}


def test_an_id_that_one_of_them_used_for_something_else_rejects_it_for_all(den: Api) -> None:
    sent = along("bob", "cat")
    send(den.admin, event("episode:e2", cduid="cat") | {"id": sent["id"]})
    [rejected, other] = send(den.admin, sent, event("episode:e2", cduid="ann"))
    assert rejected["error"]["code"] == "submission_conflict"
    assert "positions" not in rejected
    assert other["status"] == "recorded"
    assert said(den, "bob", other["position"]) == []
    assert [name for name, _ in said(den, "ann", other["position"])] == [other["id"]]


def test_a_device_names_its_own_company(den: Api) -> None:
    token = den.admin.post("/v1/device-users/ann/token").json()["token"]
    sent = {**along("bob"), "cduid": None}
    [result] = send(den.client(token), sent)
    assert len(result["positions"]) == 2


def test_a_container_that_one_of_them_may_not_see_is_unknown_to_all(den: Api) -> None:
    limits: dict[str, Any] = {"allowed_shelves": [], "allowed_tags": None, "denied_tags": []}
    assert den.admin.put("/v1/users/bob/access", json=limits).status_code == 200
    [result] = send(den.admin, along("bob", item="show:s"))
    assert result["error"]["code"] == "unknown_item"
    [leaf] = send(den.admin, along("bob"))
    assert (leaf["status"], len(leaf["positions"]), "warning" in leaf) == ("recorded", 2, False)

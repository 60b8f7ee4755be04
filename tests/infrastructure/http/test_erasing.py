"""A user is erased: nothing of them is left, in answers or in files, and the rest is as it was."""

from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from domain.events import ItemWatched, device_user_stream
from infrastructure.database.engine import read_transaction
from infrastructure.ledger.entries import Append, Entry
from infrastructure.operations.verifying.checkpoint import checkpoint_fault, take_checkpoint
from tests.helpers.api import Api, event, problem, send
from tests.helpers.files import found_in_files
from tests.helpers.wholeness import faults

SECRETS = (
    b"gertrude",
    b"salon-device",
    b"Salon of hers",
    b"movie:nobody-else-knows",
    b"4321.125",
    b"1999-07-07T07:07:07",
    b"for-her-only",
)
OTHERS = (b"ben-tv", b"movie:a", b"Kitchen")


def erase(api: Api, user: str, confirm: str | None = None) -> httpx.Response:
    """Asks for it, by the user's own name unless told otherwise."""
    params = {"confirm": confirm or user}
    return api.admin.request("DELETE", f"/v1/users/{user}", params=params, timeout=60)


def after(api: Api) -> dict[str, int]:
    return {"after": api.services.ledger.head().position}


class Household:
    """Gertrude on devices of her own and on one that Ben uses, who was also given one of hers."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.ids = [str(uuid4()) for _ in range(4)]
        api.place_movies("a", "b")
        self.hers = api.register(
            "gertrude-tv", "gertrude", device="salon-device", display_name="Salon of hers"
        )
        self.shared = api.register("gertrude-kitchen", "gertrude", device="kitchen")
        self.old = api.register("tablet", "gertrude")
        self.his = api.register("ben-tv", "ben", device="kitchen", display_name="Kitchen")
        limits = {"allowed_shelves": None, "allowed_tags": None, "denied_tags": ["for-her-only"]}
        api.admin.put("/v1/users/gertrude/access", json=limits)
        self._live()
        api.admin.post("/v1/device-users/tablet/reassign", json={"user": "ben"})

    def _live(self) -> None:
        ids = iter(self.ids)
        for item in ("movie:a", "movie:nobody-else-knows"):
            send(self.hers, event(item, id=next(ids)))
        progress = {"played_seconds": 4321.125, "duration_seconds": 9000}
        send(self.hers, event("movie:b", "progress", id=next(ids), **progress))
        then = "1999-07-07T07:07:07Z"
        send(self.shared, event("movie:b", id=next(ids), occurred_at=then))
        send(self.old, event("movie:b"))
        send(self.his, event("movie:a"))
        together = ItemWatched(item="movie:a", with_users=("gertrude", "carl"))
        stream = device_user_stream("ben-tv")
        self.api.services.ledger.append([Append([Entry(stream, together, uuid4(), "ben")])])

    @property
    def secrets(self) -> list[bytes]:
        """All that nobody may find afterwards, by any way that a database may keep it."""
        token = self.hers.headers["Authorization"].removeprefix("Bearer ")
        ids = [UUID(each) for each in self.ids]
        return [
            *SECRETS,
            sha256(token.encode()).hexdigest().encode(),
            *(each.hex.encode() for each in ids),
            *(each.bytes for each in ids),
        ]

    def answers(self, cduid: str = "ben-tv") -> list[Any]:
        """What Ben is told."""
        paths = ("items", "watched", "in-progress", "next-up", "plays?item=movie:a")
        found = []
        for path in paths:
            body = self.api.admin.get(f"/v1/device-users/{cduid}/{path}").json()
            del body["position"]
            found.append(body)
        return found


@pytest.fixture
def household(api: Api) -> Household:
    return Household(api)


def test_nothing_of_the_user_is_left_in_the_databases_files(household: Household) -> None:
    api, engine = household.api, household.api.services.engine
    api.admin.get("/v1/device-users/gertrude-tv/items", params=after(api))
    is_postgresql = engine.dialect.name == "postgresql"
    there = found_in_files(engine, (*household.secrets, *OTHERS))
    kept_otherwise = {UUID(each).hex.encode() for each in household.ids}
    if not is_postgresql:
        kept_otherwise = {UUID(each).bytes for each in household.ids}
    assert {*household.secrets, *OTHERS} - there <= kept_otherwise
    assert erase(api, "gertrude").json()["is_compacted"] is True
    assert found_in_files(engine, (*household.secrets, *OTHERS)) == {*OTHERS}


def test_everybody_else_is_told_what_they_were_told(household: Household) -> None:
    api = household.api
    api.admin.get("/v1/device-users/ben-tv/items", params=after(api))
    before = household.answers()
    answer = erase(api, "gertrude")
    assert answer.status_code == 200
    assert answer.json()["events"] == 9
    assert "Backups" in answer.json()["notes"][0]
    assert household.answers() == before
    assert faults(api.services.engine) == []


def test_the_user_is_not_there_any_more(household: Household) -> None:
    api = household.api
    erase(api, "gertrude")
    assert problem(household.hers.get("/v1/device-users/gertrude-tv/items")) == (
        401,
        "token_unknown",
    )
    gone = api.admin.get("/v1/device-users/gertrude-tv/items")
    assert problem(gone) == (404, "unknown_device_user")
    assert problem(erase(api, "gertrude")) == (404, "unknown_user")
    listed = api.admin.get("/v1/device-users", params=after(api)).json()["items"]
    assert [(each["cduid"], each["user"]) for each in listed] == [
        ("ben-tv", "ben"),
        ("tablet", "ben"),
    ]
    events = api.admin.get("/v1/history", params={"user": "gertrude"}).json()["events"]
    assert events == []


def test_what_was_erased_stands_in_the_history_and_says_nothing(household: Household) -> None:
    api = household.api
    position = erase(api, "gertrude").json()["position"]
    params = {"type": "erased", "after": position}
    events = api.admin.get("/v1/history", params=params).json()["events"]
    assert len(events) == 9
    told = {name for each in events for name, value in each.items() if value is not None}
    assert told == {"position", "type", "recorded_at", "at", "version", "catalog_version"}
    [fact] = api.admin.get("/v1/history", params={"type": "user_erased"}).json()["events"]
    assert (fact["position"], fact["events"], fact["user"]) == (position, 9, None)


def test_what_was_shared_no_longer_names_the_user(household: Household) -> None:
    api = household.api
    erase(api, "gertrude")
    events = api.admin.get("/v1/history", params={"user": "ben", **after(api)}).json()["events"]
    assert [each["with"] for each in events if each.get("with")] == [["carl"]]
    assert {each["user"] for each in events} == {"ben"}


def test_an_older_checkpoint_still_holds(household: Household) -> None:
    engine = household.api.services.engine
    with read_transaction(engine) as connection:
        kept = take_checkpoint(connection)
    erase(household.api, "gertrude")
    with read_transaction(engine) as connection:
        assert checkpoint_fault(connection, kept) is None


def test_the_name_may_be_used_anew(household: Household) -> None:
    api = household.api
    erase(api, "gertrude")
    again = api.register("gertrude-tv", "gertrude", device="salon-device")
    [result] = send(again, event("movie:b", id=household.ids[0]))
    assert result["status"] == "recorded"
    items = again.get("/v1/device-users/gertrude-tv/items", params=after(api)).json()["items"]
    assert [each["item"] for each in items if each["watched"] and each["kind"] == "movie"] == [
        "movie:b"
    ]
    assert faults(api.services.engine) == []
    assert erase(api, "gertrude").status_code == 200
    assert faults(api.services.engine) == []
    assert found_in_files(api.services.engine, household.secrets) == set()


def test_everybody_can_be_erased(household: Household) -> None:
    api = household.api
    assert [erase(api, user).status_code for user in ("gertrude", "ben")] == [200, 200]
    assert faults(api.services.engine) == []
    assert (
        found_in_files(api.services.engine, [*household.secrets, b"ben-tv", b"user:ben"]) == set()
    )


def test_who_has_limits_only_is_erased_too(api: Api) -> None:
    limits: dict[str, Any] = {"allowed_shelves": [], "allowed_tags": None, "denied_tags": []}
    api.admin.put("/v1/users/kid/access", json=limits)
    assert erase(api, "kid").json()["events"] == 1
    assert (
        api.admin.get("/v1/users/kid/access", params=after(api)).json()["allowed_shelves"] is None
    )


def test_erasing_wants_the_name_twice(shared_api: Api) -> None:
    shared_api.register("hers", "gertrude")
    assert problem(erase(shared_api, "gertrude", "ben")) == (400, "invalid_parameter")
    missing = shared_api.admin.delete("/v1/users/gertrude")
    assert problem(missing) == (400, "invalid_parameter")
    assert missing.json()["errors"][0]["parameter"] == "confirm"
    assert problem(erase(shared_api, "nobody")) == (404, "unknown_user")
    listed = shared_api.admin.get("/v1/device-users", params={"user": "gertrude"}).json()["items"]
    assert [each["cduid"] for each in listed] == ["hers"]

"""What the service does while its database is damaged: it says so and stops, or goes on rightly."""

from collections.abc import Callable
from time import monotonic, sleep

import httpx
import pytest

from infrastructure.projecting.rebuilding.rebuild import Plan, projection_names, rebuild
from tests.helpers.api import Api, event, problem, send
from tests.helpers.spoiling import execute
from tests.helpers.wholeness import faults

_PATIENCE_SECONDS = 20.0
_WATCHED = "/v1/device-users/tv/watched"


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert monotonic() < deadline, "it took too long"
        sleep(0.02)


@pytest.fixture
def tv(api: Api) -> httpx.Client:
    """A device of which something is projected."""
    tv = api.register("tv")
    api.place_movies("a", "b")
    position = send(tv, event("movie:a"))[0]["position"]
    assert tv.get(_WATCHED, params={"after": position}).status_code == 200
    return tv


def readiness(api: Api) -> tuple[int, str, str | None]:
    """Status, what is said of the database, and what else stands in the way."""
    answer = api.nobody.get("/readyz")
    return answer.status_code, answer.json()["database"], answer.json()["problem"]


def rebuilt(api: Api) -> None:
    rebuild(api.services.engine, Plan(projection_names([]), api.services.policy))


SPOILT_BOOKMARKS = {
    "an earlier setting": "UPDATE bookmark SET settings_position = 1",
    "no setting's position": "UPDATE bookmark SET settings_position = position",
    "a position that there isn't": "UPDATE bookmark SET settings_position = 1000000",
    "no bookmark": "DELETE FROM bookmark",
}


@pytest.mark.parametrize("kind", SPOILT_BOOKMARKS)
def test_by_a_wrong_bookmark_nothing_is_read_and_a_rebuild_mends_it(
    api: Api, tv: httpx.Client, kind: str
) -> None:
    execute(api.services.engine, SPOILT_BOOKMARKS[kind])
    answer = tv.get(_WATCHED)
    assert problem(answer) == (503, "bookmark_wrong")
    assert "watchledger rebuild" in answer.json()["detail"]
    assert readiness(api) == (503, "ok", "bookmark_wrong")
    [recorded] = send(tv, event("movie:b"))
    assert recorded["status"] == "recorded"
    rebuilt(api)
    assert tv.get(_WATCHED, params={"after": recorded["position"]}).status_code == 200
    wait_until(lambda: readiness(api) == (200, "ok", None))
    assert faults(api.services.engine) == []


def test_nothing_is_skipped_where_the_bookmark_is_ahead_of_the_ledger(
    api: Api, tv: httpx.Client
) -> None:
    projector = api.services.projector
    assert projector is not None
    execute(api.services.engine, "UPDATE bookmark SET position = position + 5")
    wait_until(lambda: getattr(projector.problem, "code", "") == "bookmark_wrong")
    assert readiness(api) == (503, "ok", "bookmark_wrong")
    rebuilt(api)
    [recorded] = send(tv, event("movie:b"))
    assert tv.get(_WATCHED, params={"after": recorded["position"]}).status_code == 200
    assert faults(api.services.engine) == []


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("column", ["position", "settings_position", "generation", "progress_low"])
def test_a_bookmark_that_holds_no_numbers_is_named(api: Api, tv: httpx.Client, column: str) -> None:
    execute(api.services.engine, f"UPDATE bookmark SET {column} = 'many'")  # noqa: S608
    assert problem(tv.get(_WATCHED)) == (503, "bookmark_wrong")
    assert readiness(api) == (503, "ok", "bookmark_wrong")
    rebuilt(api)
    assert tv.get(_WATCHED).status_code == 200

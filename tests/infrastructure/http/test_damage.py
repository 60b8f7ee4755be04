"""What the service does while its database is damaged: it says so and stops, or goes on rightly."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import httpx
import pytest
from structlog.testing import capture_logs

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


def database_path(api: Api) -> Path:
    return Path(str(api.services.engine.url.database))


def deleted(path: Path) -> None:
    path.unlink()


def replaced(path: Path) -> None:
    """As by a restore that moves a copy into place."""
    shutil.copyfile(path, path.with_name("copy"))
    path.with_name("copy").replace(path)


def replaced_in_place(path: Path) -> None:
    """As by a restore along the book, while the service runs."""
    whole = path.read_bytes()
    for suffix in ("-wal", "-shm"):
        path.with_name(f"{path.name}{suffix}").unlink()
    path.write_bytes(whole)


def unlogged(path: Path) -> None:
    path.with_name(f"{path.name}-wal").unlink()


@pytest.mark.skipif(os.name != "posix", reason="an open file can't be deleted here")
@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("spoil", "codes"),
    [
        (deleted, {"database_missing"}),
        (replaced, {"database_replaced"}),
        # Of these SQLite may notice something itself.
        (replaced_in_place, {"database_replaced", "database_damaged"}),
        (unlogged, {"database_replaced", "database_damaged"}),
    ],
)
def test_nothing_is_written_to_a_file_that_nobody_finds_again(
    api: Api, tv: httpx.Client, spoil: Callable[[Path], None], codes: set[str]
) -> None:
    with capture_logs() as logs:
        spoil(database_path(api))
        spoilt_at = monotonic()
        recorded_until = spoilt_at
        while monotonic() < spoilt_at + 2.0:
            answer = tv.post("/v1/events", json={"events": [event("movie:b")]})
            if answer.status_code == 200:
                recorded_until = monotonic()
        assert recorded_until - spoilt_at < 1.2
        registered = api.admin.put("/v1/device-users/x", json={"user": "x", "device": "x"})
        for each in (answer, registered, tv.get(_WATCHED)):
            status, code = problem(each)
            assert (status, code in codes) == (503, True), code
        status, code, _ = readiness(api)
        assert (status, code in codes) == (503, True), code
    told = [line for line in logs if line["event"].startswith("the database's file was deleted")]
    assert len(told) == 1 or "database_damaged" in codes


@pytest.mark.skipif(os.name != "posix", reason="an open file can't be moved here")
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_file_that_is_put_back_is_written_to_again(api: Api, tv: httpx.Client) -> None:
    path = database_path(api)
    away = path.with_name("away")
    path.rename(away)
    wait_until(lambda: readiness(api)[1] == "database_missing")
    away.rename(path)
    wait_until(lambda: readiness(api) == (200, "ok", None))
    assert send(tv, event("movie:b"))[0]["status"] == "recorded"
    assert faults(api.services.engine) == []


# Tables.

SUBMISSION_INDEX = "CREATE UNIQUE INDEX ledger_event_submission ON ledger_event"
VERSION_INDEX = "CREATE UNIQUE INDEX ledger_event_version ON ledger_event"
HEAD_ANEW = (
    "DELETE FROM ledger_head",
    (
        "INSERT INTO ledger_head (one, position, catalog_version, recorded_at_us) SELECT 1,"
        " position, catalog_version, recorded_at_us FROM ledger_event ORDER BY position DESC"
        " LIMIT 1"
    ),
)
INDEX_ANEW = (
    "DROP INDEX IF EXISTS ledger_event_submission",
    f"{SUBMISSION_INDEX} (originator_id, submission_id)",
)
FALSE_INDEX = "DROP INDEX ledger_event_submission"
SPOILT_TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "no index": ((FALSE_INDEX,), INDEX_ANEW),
    "an index that isn't unique": (
        (
            FALSE_INDEX,
            "CREATE INDEX ledger_event_submission ON ledger_event (originator_id, submission_id)",
        ),
        INDEX_ANEW,
    ),
    "an index of some": (
        (FALSE_INDEX, f"{SUBMISSION_INDEX} (originator_id, submission_id) WHERE position < 3"),
        INDEX_ANEW,
    ),
    "no index of versions": (
        ("DROP INDEX ledger_event_version",),
        (f"{VERSION_INDEX} (originator_id, originator_version)",),
    ),
    "no head": (("DELETE FROM ledger_head",), HEAD_ANEW),
    "a head ahead": (("UPDATE ledger_head SET position = position + 3",), HEAD_ANEW),
    "a head behind": (("UPDATE ledger_head SET position = position - 1",), HEAD_ANEW),
}
_LOOKS_AGAIN_SECONDS = 2.1


@pytest.mark.parametrize("kind", SPOILT_TABLES)
def test_nothing_is_recorded_twice_or_out_of_order_whatever_was_changed(
    api: Api, tv: httpx.Client, kind: str
) -> None:
    spoil, mend = SPOILT_TABLES[kind]
    sent = event("movie:b")
    position = send(tv, sent)[0]["position"]
    execute(api.services.engine, *spoil)
    sleep(_LOOKS_AGAIN_SECONDS)
    for each in (sent, event("movie:a")):
        answer = tv.post("/v1/events", json={"events": [each]})
        assert problem(answer) == (503, "database_damaged")
    assert readiness(api)[:2] == (503, "database_damaged")
    execute(api.services.engine, *mend)
    assert send(tv, sent)[0] == {"id": sent["id"], "status": "duplicate", "position": position}
    assert send(tv, event("movie:a"))[0]["status"] == "recorded"
    wait_until(lambda: readiness(api) == (200, "ok", None))
    assert faults(api.services.engine) == []


@pytest.mark.parametrize("kind", ["no head", "a head behind"])
def test_a_head_that_was_changed_a_moment_ago_is_told_as_damage(
    api: Api, tv: httpx.Client, kind: str
) -> None:
    send(tv, event("movie:b"))  # so that the writer has just looked
    execute(api.services.engine, *SPOILT_TABLES[kind][0])
    answer = tv.post("/v1/events", json={"events": [event("movie:a")]})
    assert problem(answer) == (503, "database_damaged")
    execute(api.services.engine, *HEAD_ANEW)
    assert send(tv, event("movie:a"))[0]["status"] == "recorded"
    assert faults(api.services.engine) == []


SWALLOWING = {
    "sqlite": (
        ("CREATE TRIGGER t BEFORE INSERT ON ledger_event BEGIN SELECT RAISE(IGNORE); END",),
        "DROP TRIGGER t",
    ),
    "postgresql": (
        (
            "CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
            "CREATE TRIGGER t BEFORE INSERT ON ledger_event FOR EACH ROW EXECUTE FUNCTION t()",
        ),
        "DROP TRIGGER t ON ledger_event",
    ),
}


def test_nothing_is_handed_to_a_trigger_that_may_swallow_it(
    api: Api, tv: httpx.Client, backend: str
) -> None:
    spoil, mend = SWALLOWING[backend]
    execute(api.services.engine, *spoil)
    sleep(_LOOKS_AGAIN_SECONDS)
    sent = event("movie:b")
    answer = tv.post("/v1/events", json={"events": [sent]})
    assert problem(answer) == (503, "database_damaged")
    assert tv.get(_WATCHED).status_code == 200, "what was recorded can be read"
    execute(api.services.engine, mend)
    assert send(tv, sent)[0]["status"] == "recorded"
    assert faults(api.services.engine) == []


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_read_that_lacks_its_index_is_told_as_damage(api: Api, tv: httpx.Client) -> None:
    execute(api.services.engine, "DROP INDEX ledger_event_settings")
    api.services.engine.dispose()
    assert problem(tv.get(_WATCHED)) == (503, "database_damaged")


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_text_that_is_none_is_told_as_damage(api: Api, tv: httpx.Client) -> None:
    execute(api.services.engine, "UPDATE ledger_event SET user = CAST(x'ff' AS TEXT)")
    answer = tv.get("/v1/device-users/tv/history")
    assert problem(answer) == (503, "database_damaged")

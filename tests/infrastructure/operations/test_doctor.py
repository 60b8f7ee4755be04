"""What the doctor says of deployments that are well, and of those that aren't."""

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from domain.commands import PutDeviceUser
from domain.events import ItemWatched
from infrastructure.bootstrap import opened
from infrastructure.commands.authentication import Caller
from infrastructure.commands.submissions import Submission
from infrastructure.database.engine import make_engine, write_transaction
from infrastructure.ledger.recorder import now_us
from infrastructure.operations.check import Check
from infrastructure.operations.doctor import examine
from infrastructure.projecting.rebuilding.lock import rebuild_lock
from infrastructure.projecting.rebuilding.shadow_tables import ShadowTables
from infrastructure.services import Services
from infrastructure.settings.settings import load_settings
from tests.helpers.stage import project_all

_MINUTE_US = 60_000_000


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture
def deployment(database_url: str, tmp_path: Path) -> Iterator[Services]:
    """A service with a device user, projected."""
    settings = load_settings({"database_url": database_url, "data_dir": tmp_path})
    with opened(settings, projects=False) as services:
        services.handler.put_device_user("tv", PutDeviceUser(user="ann", device="d"))
        project_all(services.engine, services.policy)
        yield services


def examined(services: Services, now: int | None = None, **changed: Any) -> dict[str, Check]:
    settings = services.settings.model_copy(update=changed)
    checks = examine(settings, lambda: now_us() if now is None else now)
    return {check.name: check for check in checks}


def states(found: dict[str, Check]) -> dict[str, str]:
    """What isn't well."""
    return {name: check.state for name, check in found.items() if check.state != "ok"}


def execute(services: Services, statement: str, **values: Any) -> None:
    with write_transaction(services.engine) as connection:
        connection.execute(text(statement), values)


@pytest.fixture
def is_sqlite(backend: str) -> bool:
    return backend == "sqlite"


def test_a_deployment_that_is_well_is_said_to_be(deployment: Services, is_sqlite: bool) -> None:
    found = examined(deployment)
    # The suite's own PostgreSQL doesn't care for the disk, and that is found.
    assert states(found) == ({} if is_sqlite else {"durability": "warning"})
    assert set(found) >= {"settings", "admin token", "disk", "database", "clock", "projection"}
    assert "0 events behind" in found["projection"].detail


def test_a_token_file_that_others_can_read_is_found(deployment: Services) -> None:
    path = deployment.admin_token.path
    assert path is not None
    path.chmod(0o644)
    check = examined(deployment)["admin token"]
    assert (check.state, f"chmod 600 {path}" in check.detail) == ("problem", True)


def test_a_database_that_is_not_there_is_found(deployment: Services, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'nothing.db'}"
    check = examined(deployment, database_url=url)["database"]
    assert check.state == "problem"
    assert "There is no database there" in check.detail
    assert not (tmp_path / "nothing.db").exists()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ann:hunter2@127.0.0.1:9/ledger",
        "postgresql://ann@127.0.0.1:9/ledger?password=hunter2&connect_timeout=1",
        "postgresql://ann@127.0.0.1:9/ledger?sslpassword=hunter2&sslpassword=hunter2",
    ],
)
def test_a_password_is_not_told(deployment: Services, url: str) -> None:
    check = examined(deployment, database_url=url)["database"]
    assert (check.state, "hunter2" in check.detail) == ("problem", False)


def test_a_schema_that_is_not_up_to_date_is_found(deployment: Services) -> None:
    execute(deployment, "UPDATE ledger_schema SET version_num = '9999'")
    check = examined(deployment)["database"]
    assert (check.state, "newer than this version" in check.detail) == ("problem", True)


def test_read_models_that_lag_are_found_once_it_takes_long(deployment: Services) -> None:
    deployment.handler.put_device_user("phone", PutDeviceUser(user="ann", device="e"))
    assert "projection" not in states(examined(deployment))
    check = examined(deployment, now_us() + 2 * _MINUTE_US)["projection"]
    assert (check.state, "2 events behind" in check.detail) == ("problem", True)


def test_other_thresholds_than_the_read_models_are_found(deployment: Services) -> None:
    check = examined(deployment, progress_high=0.8)["thresholds"]
    assert (check.state, "watchledger rebuild" in check.detail) == ("problem", True)


def test_an_event_that_cannot_be_read_is_named(deployment: Services) -> None:
    execute(deployment, "UPDATE ledger_event SET topic = 'junk.v9' WHERE position = 2")
    check = examined(deployment)["events"]
    assert (check.state, "position 2" in check.detail) == ("problem", True)


def test_a_clock_that_is_behind_the_last_event_is_found(deployment: Services) -> None:
    check = examined(deployment, now_us() - _MINUTE_US)["clock"]
    assert (check.state, "in the future" in check.detail) == ("problem", True)


def says(services: Services, cduid: str, occurred_at: datetime | None) -> None:
    """A device says that it watched a movie at a time."""
    watched = ItemWatched(item="movie:m", occurred_at=occurred_at)
    services.activity.submit(Caller(None), [Submission(uuid4(), cduid, watched)])


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (timedelta(hours=5), "tv is 5 h 0 min ahead (event 3)"),
        (timedelta(minutes=3), "tv is 3 min ahead (event 3)"),
        (timedelta(days=400, hours=3), "tv is 400 d 3 h ahead (event 3)"),
    ],
)
def test_a_device_whose_clock_is_ahead_is_named(
    deployment: Services, ahead: timedelta, said: str
) -> None:
    says(deployment, "tv", datetime.now(UTC) + ahead)
    found = examined(deployment)
    assert said in found["device clocks"].detail
    assert found["device clocks"].state == "warning"
    assert "no clock is off" not in " ".join(check.detail for check in found.values())


def test_a_device_that_says_1970_is_named(deployment: Services) -> None:
    says(deployment, "tv", datetime(1970, 1, 1, 0, 12, tzinfo=UTC))
    check = examined(deployment)["device clocks"]
    assert (check.state, "tv says 1970-01-01 00:12Z (event 3)" in check.detail) == ("warning", True)


def test_a_device_that_was_offline_or_has_been_set_right_is_none(deployment: Services) -> None:
    says(deployment, "tv", datetime.now(UTC) + timedelta(hours=5))
    says(deployment, "tv", datetime.now(UTC) - timedelta(days=300))
    says(deployment, "tv", None)
    assert examined(deployment)["device clocks"].state == "ok"


def test_of_many_devices_with_wrong_clocks_ten_are_named(deployment: Services) -> None:
    for number in range(12):
        cduid = f"box-{number}"
        deployment.handler.put_device_user(cduid, PutDeviceUser(user="ann", device=cduid))
        says(deployment, cduid, datetime(1970, 1, 1, tzinfo=UTC))
    detail = examined(deployment)["device clocks"].detail
    assert detail.count("says 1970") == 10
    assert " and 2 more. Set the clock there" in detail


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_clock_that_is_not_the_databases_is_found(deployment: Services) -> None:
    check = examined(deployment, now_us() + _MINUTE_US)["clock"]
    assert (check.state, "60 s apart" in check.detail) == ("warning", True)


@pytest.mark.parametrize(
    ("free", "state"), [(5 * 10**7, "problem"), (5 * 10**8, "warning"), (5 * 10**9, "ok")]
)
@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_disk_that_fills_up_is_found(
    deployment: Services, free: int, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "infrastructure.operations.doctor.disk_usage", lambda _: Usage(10**10, 0, free)
    )
    assert examined(deployment)["disk"].state == state


@pytest.mark.parametrize("backend", ["sqlite"])
def test_what_leaves_a_service_open_is_warned_of(deployment: Services) -> None:
    found = examined(
        deployment,
        host="0.0.0.0",  # noqa: S104  # which is what is warned of
        cors_origins="*",
        sqlite_synchronous="OFF",
    )
    assert states(found) == dict.fromkeys(("address", "cors", "durability"), "warning")


def test_an_interrupted_rebuild_is_found_and_a_running_one_is_none(deployment: Services) -> None:
    with write_transaction(deployment.engine) as connection:
        ShadowTables(7).create(connection)
    assert states(examined(deployment))["rebuild"] == "warning"
    with rebuild_lock(deployment.engine):
        assert "rebuild" not in examined(deployment)


@pytest.mark.parametrize(
    ("spoilt", "name", "detail"),
    [
        ("DROP INDEX ledger_event_submission", "tables", "make it: CREATE UNIQUE INDEX"),
        ("DROP INDEX item_parent", "tables", "watchledger rebuild"),
        ("DELETE FROM ledger_head", "events", "The ledger's head has 0 rows"),
        ("DELETE FROM bookmark", "bookmark", "watchledger rebuild"),
        ("UPDATE bookmark SET settings_position = 1", "bookmark", "watchledger rebuild"),
    ],
)
def test_damage_is_found(deployment: Services, spoilt: str, name: str, detail: str) -> None:
    execute(deployment, spoilt)
    check = examined(deployment)[name]
    assert (check.state, detail in check.detail) == ("problem", True), check


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("spoilt", "name", "detail"),
    [
        (
            "CREATE TRIGGER t AFTER INSERT ON ledger_event BEGIN SELECT 1; END",
            "tables",
            'DROP TRIGGER "t"',
        ),
        ("UPDATE ledger_event SET at_us = 'x'", "events", "at_us can't be what was recorded"),
        ("UPDATE ledger_head SET position = 'x'", "events", "aren't all whole numbers"),
        ("UPDATE bookmark SET position = 'x'", "bookmark", "aren't all numbers"),
        (
            "UPDATE ledger_event SET submission_id = upper(submission_id)",
            "submissions",
            "is recorded twice. Stop the service and spell it right: UPDATE",
        ),
    ],
)
def test_what_sqlite_took_as_it_was_given_is_found(
    deployment: Services, spoilt: str, name: str, detail: str
) -> None:
    deployment.activity.submit(
        Caller(None), [Submission(UUID(int=10), "tv", ItemWatched(item="movie:m"))]
    )
    execute(deployment, spoilt)
    check = examined(deployment)[name]
    assert (check.state, detail in check.detail) == ("problem", True), check


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_page_that_holds_something_else_is_found(deployment: Services) -> None:
    for number in range(40):
        says(deployment, "tv", datetime(2026, 1, 1, number % 24, tzinfo=UTC))
    with make_engine(deployment.settings.url).connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        page = connection.exec_driver_sql(
            "SELECT rootpage FROM sqlite_master WHERE name = 'ledger_event_topic_at'"
        ).scalar_one()
        size = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    deployment.engine.dispose()
    path = Path(str(deployment.engine.url.database))
    whole = path.read_bytes()
    at = (page - 1) * size
    path.write_bytes(whole[:at] + whole[at : at + 8] + b"\xff" * (size - 8) + whole[at + size :])
    check = examined(deployment)["files"]
    assert (check.state, "file is damaged" in check.detail) == ("problem", True), check


@pytest.mark.parametrize("backend", ["sqlite"])
def test_looking_changes_nothing(deployment: Services, tmp_path: Path) -> None:
    path = Path(str(deployment.engine.url.database))
    with make_engine(deployment.settings.url).connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    shutil.rmtree(path.with_name("none"), ignore_errors=True)
    list(examine(deployment.settings, now_us))
    after = {name: (tmp_path / name).read_bytes() for name in before}
    assert after[path.name] == before[path.name]
    assert sorted(os.listdir(tmp_path)) == sorted(before)  # noqa: PTH208  # names are enough

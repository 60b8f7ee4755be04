"""Databases that can't be used, each with a problem that says what to do."""

import re
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import URL, Engine, make_url, text

from infrastructure.database.engine import (
    make_engine,
    read_transaction,
    shown_url,
    write_transaction,
)
from infrastructure.database.migrations import check_schema, migrate
from infrastructure.database.problems import (
    DatabaseDamaged,
    DatabaseFull,
    DatabaseLocked,
    DatabaseMissing,
    DatabaseProblem,
    DatabaseReadOnly,
    DatabaseUnreachable,
    NotALedger,
)
from infrastructure.ledger.application import Ledger
from tests.helpers.samples import append, watched


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite database, for what only a file can suffer."""
    path = tmp_path / "ledger.db"
    path.write_bytes(sqlite_template.read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture
def impatient(database_url: str) -> Iterator[Engine]:
    engine = make_engine(database_url, wait_seconds=0.2)
    yield engine
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("not a url", "can't be read"),
        ("mysql://root@localhost/ledger", "isn't supported"),
        ("sqlite://", "Name a file"),
        ("sqlite:///:memory:", "Name a file"),
    ],
)
def test_a_url_of_no_possible_ledger_is_refused(url: str, advice: str) -> None:
    with pytest.raises(DatabaseProblem, match=advice):
        make_engine(url)


def test_a_file_that_is_not_there_is_missing_and_not_made(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'gone.db'}")
    with pytest.raises(DatabaseMissing, match="watchledger migrate"):
        check_schema(engine)
    assert not (tmp_path / "gone.db").exists()


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'gone' / 'ledger.db'}")
    with pytest.raises(DatabaseMissing, match="Create its directory"):
        migrate(engine)


def test_a_postgresql_database_that_is_not_there_is_missing(postgres_server: URL) -> None:
    engine = make_engine(postgres_server.set(database="never_made"))
    with pytest.raises(DatabaseMissing, match="never_made"):
        check_schema(engine)


def test_a_server_that_does_not_answer_is_unreachable(tmp_path: Path) -> None:
    engine = make_engine(f"postgresql://ann@/ledger?host={tmp_path}")
    with pytest.raises(DatabaseUnreachable, match="Check that it runs"):
        check_schema(engine)


def test_garbage_in_the_file_is_no_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(b"Dear diary, " * 1_000)
    engine = make_engine(f"sqlite:///{path}")
    for use in (check_schema, migrate):
        with pytest.raises(NotALedger, match="no database"):
            use(engine)


def test_a_damaged_file_is_damaged(sqlite_url: str, tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    whole = path.read_bytes()
    path.write_bytes(whole[:200] + b"\xa5" * (len(whole) - 200))
    engine = make_engine(sqlite_url)
    with pytest.raises(DatabaseDamaged, match="backup"):
        check_schema(engine)
    engine.dispose()


def test_a_read_only_database_can_be_read_and_says_why_not_written(
    engine: Engine, database_url: str
) -> None:
    ledger = Ledger(engine)
    ledger.append([append(watched())])
    if engine.dialect.name == "sqlite":
        read_only = make_engine(database_url)
        with read_transaction(read_only) as connection:
            connection.exec_driver_sql("PRAGMA query_only=ON")
    else:
        option = "-c default_transaction_read_only=on"
        read_only = make_engine(make_url(database_url).update_query_dict({"options": option}))
    assert len(Ledger(read_only).read(0, 10)) == 1
    with pytest.raises(DatabaseReadOnly, match="can't be written"):
        Ledger(read_only).append([append(watched())])
    read_only.dispose()


def test_a_full_database_records_nothing_and_goes_on_once_there_is_room(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url, pool_size=1)
    ledger = Ledger(engine)
    with read_transaction(engine) as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 3}")
    with pytest.raises(DatabaseFull, match="Free some space"):
        ledger.append([append(*(watched() for _ in range(500)))])
    assert ledger.head().position == 0
    with read_transaction(engine) as connection:
        connection.exec_driver_sql("PRAGMA max_page_count=1000000")
    ledger.append([append(*(watched() for _ in range(500)))])
    assert ledger.head().position == 500
    engine.dispose()


def test_a_database_held_for_too_long_is_locked(engine: Engine, impatient: Engine) -> None:
    with write_transaction(engine) as connection:
        connection.execute(text("UPDATE ledger_head SET position = 0"))
        with pytest.raises(DatabaseLocked, match="too long"):
            Ledger(impatient).append([append(watched())])
    Ledger(impatient).append([append(watched())])


def test_a_thread_that_holds_an_sqlite_database_makes_others_wait(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url, wait_seconds=0.2)
    held, done = Event(), Event()

    def hold() -> None:
        with write_transaction(engine):
            held.set()
            done.wait(10)

    holder = Thread(target=hold)
    holder.start()
    assert held.wait(10)
    with pytest.raises(DatabaseLocked, match="Another thread"), write_transaction(engine):
        pass
    done.set()
    holder.join()
    with write_transaction(engine):
        pass
    engine.dispose()


def test_a_read_transaction_sees_one_state_throughout(engine: Engine) -> None:
    ledger = Ledger(engine)
    count = text("SELECT count(*) FROM ledger_event")
    with read_transaction(engine) as connection:
        assert connection.execute(count).scalar_one() == 0
        ledger.append([append(watched())])
        assert connection.execute(count).scalar_one() == 0
    with read_transaction(engine) as connection:
        assert connection.execute(count).scalar_one() == 1


def _fail_half_way(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        connection.execute(text("UPDATE ledger_head SET position = 7"))
        raise ZeroDivisionError


def test_a_write_transaction_that_fails_leaves_nothing(engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError):
        _fail_half_way(engine)
    assert Ledger(engine).head().position == 0


def test_connections_that_the_server_ended_are_replaced(
    engine: Engine, postgres_server: URL, database_url: str
) -> None:
    if engine.dialect.name == "sqlite":
        pytest.skip("a file ends no connections")
    ledger = Ledger(engine)
    ledger.append([append(watched())])
    admin = make_engine(postgres_server)
    with write_transaction(admin) as connection:
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"),
            {"name": make_url(database_url).database},
        )
    admin.dispose()
    with pytest.raises(DatabaseUnreachable):
        ledger.append([append(watched())])
    ledger.append([append(watched())])
    assert ledger.head().position == 2


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ann:hunter2@db/ledger", "postgresql://ann:***@db/ledger"),
        (
            "postgresql://db/ledger?user=ann&password=hunter2&sslmode=require",
            "postgresql://db/ledger?password=***&sslmode=require&user=ann",
        ),
        (
            "postgresql://db/ledger?sslpassword=hunter2&oauth_client_secret=hunter2",
            "postgresql://db/ledger?oauth_client_secret=***&sslpassword=***",
        ),
        ("postgresql://db/ledger?PASSWORD=hunter2", "postgresql://db/ledger?PASSWORD=***"),
        ("sqlite:////srv/ledger.db", "sqlite:////srv/ledger.db"),
    ],
)
def test_a_url_is_shown_without_its_passwords(url: str, shown: str) -> None:
    found = shown_url(url)
    assert "hunter2" not in found
    assert sorted(re.split("[?&]", found)) == sorted(re.split("[?&]", shown))

